import clsx from "clsx";
import {
  formatCount,
  formatLicence,
  formatParameters,
  formatRate,
  formatSeconds,
} from "@/components/format";
import { RATING_WORDS } from "@/components/rating-words";
import type { AnswerView, RevealedModel, Side } from "@/lib/protocol/arena-view";

export type PaneHeadProps = {
  side: Side;
  answer: AnswerView | null;
  revealed: RevealedModel | null;
};

const STATES = {
  streaming: "writing",
  complete: "complete",
  stopped: "stopped",
  failed: "not finished",
} as const;

/** The letter of a side before the vote; after it the head turns over and bears the name. */
export function PaneHead({ side, answer, revealed }: PaneHeadProps) {
  return (
    <header className="border-b border-line">
      <div
        key={revealed ? "revealed" : "blind"}
        className={clsx("px-4 sm:px-5", revealed && "origin-top animate-turn-over")}
      >
        <div className="flex min-h-12 items-center gap-3">
          <Letter side={side} />
          {revealed ? (
            <>
              <h3 className="min-w-0 flex-1 py-2 font-mono text-sm font-medium wrap-anywhere">
                {revealed.model}
              </h3>
              <Rating rating={revealed.rating} />
            </>
          ) : (
            <>
              <h3 className="sr-only">Answer {side.toUpperCase()}</h3>
              <p className="ml-auto text-xs text-ink-soft">
                {answer ? STATES[answer.status] : "waiting"}
              </p>
            </>
          )}
        </div>
        {revealed && (
          <p className="numeric flex flex-wrap gap-x-4 gap-y-0.5 pb-3 text-xs text-ink-soft">
            {toFacts(revealed, answer).map((fact) => (
              <span key={fact} className="whitespace-nowrap">
                {fact}
              </span>
            ))}
          </p>
        )}
      </div>
    </header>
  );
}

export function Letter({ side }: { side: Side }) {
  return (
    <span
      aria-hidden="true"
      className={clsx(
        "flex size-6.5 items-center justify-center rounded-sm font-display text-base leading-none font-semibold",
        side === "a" ? "bg-a-soft text-a" : "bg-b-soft text-b",
      )}
    >
      {side.toUpperCase()}
    </span>
  );
}

function Rating({ rating }: { rating: RevealedModel["rating"] }) {
  if (rating?.rating == null) {
    return (
      <p className="text-xs text-ink-soft">
        {rating ? RATING_WORDS[rating.status] : "Not on the board yet"}
      </p>
    );
  }
  return (
    <p className="numeric text-sm">
      {rating.rank !== null && (
        <span className="mr-3 text-xs text-ink-soft">rank {rating.rank}</span>
      )}
      <span className="sr-only">rating </span>
      <span className="font-semibold">{formatCount(rating.rating)}</span>
    </p>
  );
}

function toFacts(revealed: RevealedModel, answer: AnswerView | null): string[] {
  const stats = answer?.stats;
  const facts = [
    revealed.licence && formatLicence(revealed.licence),
    revealed.parameters === null ? null : `${formatParameters(revealed.parameters)} parameters`,
    stats ? `${formatSeconds(stats.firstTokenMs)} to first token` : null,
    stats?.tokensPerSecond != null ? `${formatRate(stats.tokensPerSecond)} tokens/s` : null,
    stats ? `${formatCount(stats.completionTokens)} tokens` : null,
  ];
  return facts.filter((it) => it !== null);
}
