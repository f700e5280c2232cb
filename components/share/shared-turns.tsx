"use client";

import clsx from "clsx";
import type { Side } from "@/lib/protocol/arena-view";
import type { SharedAnswer, SharedConversation, SharedTurn } from "@/lib/protocol/share";
import { MarkdownText } from "../chat/answer-text";

const OUTCOMES: Record<NonNullable<SharedTurn["vote"]>["outcome"], string> = {
  a: "A was preferred",
  b: "B was preferred",
  tie: "Judged a tie",
  "both-bad": "Both were judged bad",
};

export type SharedTurnsProps = {
  conversation: Pick<SharedConversation, "kind" | "system" | "turns">;
  /** In a narrow place: one answer below the other. */
  isStacked?: boolean;
};

/** What was said in a published conversation, for reading alone. */
export function SharedTurns({ conversation, isStacked = false }: SharedTurnsProps) {
  const { kind, system, turns } = conversation;
  return (
    <div className="space-y-10">
      {system !== null && (
        <section aria-label="System prompt" className="border-l-2 border-line pl-4">
          <p className="text-xs text-ink-soft">What the models were told beforehand</p>
          <p className="mt-1 text-sm wrap-anywhere whitespace-pre-wrap">{system}</p>
        </section>
      )}
      {turns.map((turn, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: what is published never changes its order.
        <section key={index} aria-label={`Turn ${index + 1}`} className="space-y-5">
          <div className="flex justify-end">
            <h2 className="max-w-[60ch] text-base font-medium wrap-anywhere whitespace-pre-wrap">
              <span className="sr-only">Asked: </span>
              {turn.prompt}
            </h2>
          </div>
          {kind === "chat" ? (
            turn.answers.map((answer) => <ChatAnswer key={answer.model} answer={answer} />)
          ) : (
            <PairAnswers turn={turn} isStacked={isStacked} />
          )}
        </section>
      ))}
    </div>
  );
}

function ChatAnswer({ answer }: { answer: SharedAnswer }) {
  return (
    <article aria-label={`Answer of ${answer.model}`}>
      <p className="mb-2 font-mono text-xs text-ink-soft">{answer.model}</p>
      <AnswerBody answer={answer} />
    </article>
  );
}

function PairAnswers({ turn, isStacked }: { turn: SharedTurn; isStacked: boolean }) {
  const { answers, vote } = turn;
  return (
    <>
      <div className={clsx("grid gap-4", !isStacked && "md:grid-cols-2")}>
        {answers.map((answer) => (
          <article
            key={answer.side}
            aria-label={`Answer ${answer.side?.toUpperCase()} of ${answer.model}`}
            className={clsx(
              "min-w-0 rounded-lg border bg-surface",
              toBorder(answer.side, vote?.outcome),
            )}
          >
            <header className="flex min-h-12 items-center gap-3 border-b border-line px-4 sm:px-5">
              <Letter side={answer.side} />
              <h3 className="min-w-0 flex-1 py-2 font-mono text-sm font-medium wrap-anywhere">
                {answer.model}
              </h3>
            </header>
            <div className="px-4 py-4 sm:px-5">
              <AnswerBody answer={answer} />
            </div>
          </article>
        ))}
      </div>
      {vote && (
        <p className="text-center text-sm text-ink-soft">
          <span className="font-medium text-ink">{OUTCOMES[vote.outcome]}</span>
          {vote.blind ? " before the names were known" : " with the names known"}
          {vote.reasons.length > 0 && `: ${vote.reasons.join(", ").replaceAll("-", " ")}`}.
        </p>
      )}
    </>
  );
}

function AnswerBody({ answer: { content, status } }: { answer: SharedAnswer }) {
  return (
    <>
      {content !== "" && <MarkdownText text={content} isStreaming={false} />}
      {status !== "complete" && (
        <p className="mt-3 text-xs text-ink-soft">
          {status === "failed"
            ? "The answer broke off here."
            : content === ""
              ? "Stopped before the first word."
              : "Stopped here."}
        </p>
      )}
    </>
  );
}

function Letter({ side }: { side: Side | null }) {
  return (
    <span
      aria-hidden="true"
      className={clsx(
        "flex size-6.5 shrink-0 items-center justify-center rounded-sm font-display text-base leading-none font-semibold",
        side === "a" ? "bg-a-soft text-a" : "bg-b-soft text-b",
      )}
    >
      {side?.toUpperCase()}
    </span>
  );
}

function toBorder(side: Side | null, outcome: string | undefined): string {
  if (side === null || side !== outcome) return "border-line";
  return side === "a" ? "border-a" : "border-b";
}
