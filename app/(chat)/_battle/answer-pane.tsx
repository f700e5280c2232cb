"use client";

import clsx from "clsx";
import { AnswerText } from "@/components/chat/answer-text";
import { CopyButton } from "@/components/chat/copy-button";
import { Button } from "@/components/ui/button";
import { Notice } from "@/components/ui/notice";
import { Skeleton } from "@/components/ui/skeleton";
import type { AnswerView, RevealedModel, Side } from "@/lib/protocol/arena-view";
import { PaneHead } from "./pane-head";

export type AnswerPaneProps = {
  side: Side;
  answer: AnswerView | null;
  other: AnswerView | null;
  revealed: RevealedModel | null;
  isPreferred: boolean;
  onRetry: ((answerId: string) => void) | null;
};

export function AnswerPane({
  side,
  answer,
  other,
  revealed,
  isPreferred,
  onRetry,
}: AnswerPaneProps) {
  const isEmpty = !answer || (answer.content === "" && answer.status === "streaming");
  return (
    <article
      aria-label={`Answer ${side.toUpperCase()}`}
      aria-busy={answer?.status === "streaming"}
      className={clsx(
        "group flex min-w-0 snap-start flex-col overflow-hidden rounded-lg border bg-surface transition-colors duration-240",
        isPreferred ? (side === "a" ? "border-a" : "border-b") : "border-line",
      )}
    >
      <PaneHead side={side} answer={answer} revealed={revealed} />
      <div className="min-h-32 flex-1 px-4 pt-4 sm:px-5">
        {isEmpty ? <AwaitedText /> : answer && <AnswerText answer={answer} />}
        {answer?.status === "stopped" && answer.content === "" && (
          <p className="text-ink-soft">Stopped before the first word.</p>
        )}
        {answer?.status === "failed" && (
          <FailedSide side={side} answer={answer} other={other} onRetry={onRetry} />
        )}
      </div>
      <footer className="flex min-h-12 items-center justify-end px-2 pb-1">
        {answer && answer.status !== "streaming" && answer.content !== "" && (
          <>
            <EndNote answer={answer} />
            <CopyButton text={answer.content} label={`Copy answer ${side.toUpperCase()}`} />
          </>
        )}
      </footer>
    </article>
  );
}

function AwaitedText() {
  return (
    <div className="space-y-3 pt-1.5">
      <Skeleton className="h-3.5 w-11/12" />
      <Skeleton className="h-3.5 w-3/5" />
    </div>
  );
}

/** An answer that ended on its own needs no note. */
function EndNote({ answer }: { answer: AnswerView }) {
  const note =
    answer.status === "stopped"
      ? "Stopped"
      : answer.finishReason === "length"
        ? "Ended at the length limit"
        : null;
  return note && <p className="mr-auto pl-2.5 text-xs text-ink-soft">{note}</p>;
}

type FailedSideProps = Pick<AnswerPaneProps, "side" | "other" | "onRetry"> & { answer: AnswerView };

function FailedSide({ side, answer, other, onRetry }: FailedSideProps) {
  const name = side.toUpperCase();
  const otherName = side === "a" ? "B" : "A";
  const kept = other?.content
    ? `Your question and answer ${otherName} are kept.`
    : "Your question is kept.";
  const what = answer.content === "" ? "did not answer" : "stopped answering";
  return (
    <Notice
      tone="danger"
      className="mt-4"
      action={
        onRetry && (
          <Button size="small" onClick={() => onRetry(answer.id)}>
            Try {name} again
          </Button>
        )
      }
    >
      Model {name} {what}. {kept}
    </Notice>
  );
}
