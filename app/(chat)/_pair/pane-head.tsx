import clsx from "clsx";
import Link from "next/link";
import {
  formatCount,
  formatLicence,
  formatParameters,
  formatPrice,
  formatRate,
  formatSeconds,
} from "@/components/format";
import { RATING_WORDS } from "@/components/rating-words";
import { paths } from "@/lib/paths";
import type { AnswerStatus, AnswerView, Side } from "@/lib/protocol/arena-view";
import type { ModelCard } from "@/lib/protocol/conversation-view";

export type PaneHeadProps = {
  side: Side;
  answer: AnswerView | null;
  status: AnswerStatus | undefined;
  /** Of a model that was chosen by name; null: hidden, or told by the card. */
  name: string | null;
  /** After the vote of a battle. */
  card: ModelCard | null;
};

const STATES: Record<AnswerStatus, string> = {
  streaming: "writing",
  complete: "complete",
  stopped: "stopped",
  failed: "not finished",
};

/** The letter of a side before the vote; after it the head turns over and bears the name. */
export function PaneHead({ side, answer, status, name, card }: PaneHeadProps) {
  const shown = card?.model ?? name;
  const facts = shown === null ? [] : toFacts(card, answer);
  return (
    <header className="border-b border-line">
      <div
        key={card ? "revealed" : "before"}
        className={clsx("px-4 sm:px-5", card && "origin-top animate-turn-over")}
      >
        <div className="flex min-h-12 items-center gap-3">
          <Letter side={side} />
          {shown === null ? (
            <h3 className="sr-only">Answer {side.toUpperCase()}</h3>
          ) : (
            <h3 className="min-w-0 flex-1 py-2 font-mono text-sm font-medium wrap-anywhere">
              {shown}
            </h3>
          )}
          {card ? (
            <Standing card={card} />
          ) : (
            <p className="ml-auto shrink-0 text-xs text-ink-soft">
              {status ? STATES[status] : "waiting"}
            </p>
          )}
        </div>
        {facts.length > 0 && (
          <ul className="numeric flex flex-wrap gap-x-4 gap-y-0.5 pb-3 text-xs text-ink-soft">
            {facts.map((fact) => (
              <li key={fact} className="whitespace-nowrap">
                {fact}
              </li>
            ))}
          </ul>
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
        "flex size-6.5 shrink-0 items-center justify-center rounded-sm font-display text-base leading-none font-semibold",
        side === "a" ? "bg-a-soft text-a" : "bg-b-soft text-b",
      )}
    >
      {side.toUpperCase()}
    </span>
  );
}

/** Rating and rank on the board, with what this vote's board changed of the rank; it leads to the board. */
function Standing({ card }: { card: ModelCard }) {
  const { now } = card;
  return (
    <Link
      href={paths.leaderboard}
      prefetch={false}
      className="numeric group/standing flex min-h-11 shrink-0 items-center gap-3 text-sm"
    >
      {now?.rating == null ? (
        <span className="text-xs text-ink-soft underline decoration-line-strong underline-offset-4 group-hover/standing:text-ink">
          {now ? RATING_WORDS[now.status] : "Not on the board yet"}
        </span>
      ) : (
        <>
          {now.rank !== null && (
            <span className="text-xs text-ink-soft underline decoration-line-strong underline-offset-4 group-hover/standing:text-ink">
              rank {now.rank}
            </span>
          )}
          <RankChange before={card.before?.rank ?? null} now={now.rank} />
          <span className="font-semibold">
            <span className="sr-only">rating </span>
            {formatCount(now.rating)}
          </span>
        </>
      )}
      <span className="sr-only">, to the leaderboard</span>
    </Link>
  );
}

function RankChange({ before, now }: { before: number | null; now: number | null }) {
  if (now === null || before === now) return null;
  if (before === null) return <span className="text-xs text-ink-soft">new</span>;
  const isUp = now < before;
  return (
    <span className="text-xs text-ink">
      <span aria-hidden="true">{isUp ? "▲" : "▼"}</span>
      <span className="sr-only">{isUp ? "up by " : "down by "}</span>
      {Math.abs(now - before)}
    </span>
  );
}

function toFacts(card: ModelCard | null, answer: AnswerView | null): string[] {
  const stats = answer?.stats;
  const facts = [
    card?.organisation ?? null,
    card?.licence ? formatLicence(card.licence) : null,
    card?.parameters == null ? null : `${formatParameters(card.parameters)} parameters`,
    stats ? `${formatSeconds(stats.firstTokenMs)} to first token` : null,
    stats?.tokensPerSecond != null ? `${formatRate(stats.tokensPerSecond)} tokens/s` : null,
    stats ? `${formatCount(stats.completionTokens)} tokens` : null,
    card?.price ? formatPrice(card.price) : null,
  ];
  return facts.filter((it) => it !== null);
}
