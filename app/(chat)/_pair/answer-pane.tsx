"use client";

import clsx from "clsx";
import { RotateCcw, Square } from "lucide-react";
import { AnswerText } from "@/components/chat/answer-text";
import { AwaitedText } from "@/components/chat/awaited-text";
import { CopyButton } from "@/components/chat/copy-button";
import { Reasoning } from "@/components/chat/reasoning";
import { Button } from "@/components/ui/button";
import { Notice } from "@/components/ui/notice";
import type { Side } from "@/lib/protocol/arena-view";
import type { ModelCard, TurnAnswer } from "@/lib/protocol/conversation-view";
import { shownStatus } from "./judge";
import { PaneHead } from "./pane-head";

export type AnswerPaneProps = {
  side: Side;
  answer: TurnAnswer | null;
  other: TurnAnswer | null;
  isBlind: boolean;
  name: string | null;
  card: ModelCard | null;
  isPreferred: boolean;
  onRetry: ((answerId: string) => void) | null;
  onStop: (answerId: string) => void;
};

export function AnswerPane(props: AnswerPaneProps) {
  const { side, answer, other, isBlind, name, card, isPreferred, onRetry, onStop } = props;
  const status = shownStatus(answer, other, isBlind);
  const letter = side.toUpperCase();
  const isEmpty = !answer || (answer.content === "" && status === "streaming");
  return (
    <article
      aria-label={`Answer ${letter}`}
      aria-busy={status === "streaming"}
      className={clsx(
        "group relative flex min-w-0 snap-start flex-col overflow-hidden rounded-lg border bg-surface transition-colors duration-240",
        isPreferred ? (side === "a" ? "border-a" : "border-b") : "border-line",
      )}
    >
      <PaneHead side={side} answer={answer} status={status} name={name} card={card} />
      <div className="min-h-32 flex-1 px-4 pt-4 sm:px-5">
        {answer && !isBlind && <Reasoning answer={answer} />}
        {isEmpty ? (
          <AwaitedText answer={isBlind ? null : answer} />
        ) : (
          answer && <AnswerText answer={{ ...answer, status: status ?? answer.status }} />
        )}
        {status === "stopped" && answer?.content === "" && (
          <p className="text-ink-soft">Stopped before the first word.</p>
        )}
        {status === "failed" && answer && (
          <FailedSide
            side={side}
            answer={answer}
            other={other}
            isBlind={isBlind}
            onRetry={onRetry}
          />
        )}
      </div>
      <footer className="flex min-h-12 items-center justify-end gap-1 px-2 pb-1">
        {answer && status === "streaming" && (
          <Button
            variant="quiet"
            size="small"
            onClick={() => onStop(answer.id)}
            aria-label={`Stop ${letter}`}
          >
            <Square size={13} strokeWidth={1.5} aria-hidden="true" />
            Stop {letter}
          </Button>
        )}
        {answer && status !== "streaming" && answer.content !== "" && (
          <>
            <EndNote answer={answer} status={status} />
            <CopyButton text={answer.content} label={`Copy answer ${letter}`} />
          </>
        )}
      </footer>
    </article>
  );
}

type EndNoteProps = { answer: TurnAnswer; status: TurnAnswer["status"] | undefined };

/** An answer that ended on its own needs no note. */
function EndNote({ answer, status }: EndNoteProps) {
  const note =
    status === "stopped"
      ? "Stopped"
      : answer.finishReason === "length"
        ? "Ended at the length limit"
        : null;
  return note && <p className="mr-auto pl-2.5 text-xs text-ink-soft">{note}</p>;
}

type FailedSideProps = Pick<AnswerPaneProps, "side" | "other" | "isBlind" | "onRetry"> & {
  answer: TurnAnswer;
};

function FailedSide({ side, answer, other, isBlind, onRetry }: FailedSideProps) {
  const name = side.toUpperCase();
  const otherName = side === "a" ? "B" : "A";
  const kept = other?.content
    ? `Your question and answer ${otherName} are kept.`
    : "Your question is kept.";
  const what = answer.content === "" ? "did not answer" : "stopped answering";
  // What exactly went wrong may be one model's own way to fail.
  const why = !isBlind && answer.error ? `${answer.error.message} ` : "";
  return (
    <Notice
      tone="danger"
      className="mt-4"
      action={
        onRetry && (
          <Button size="small" onClick={() => onRetry(answer.id)}>
            <RotateCcw size={14} strokeWidth={1.5} aria-hidden="true" />
            Try {name} again
          </Button>
        )
      }
    >
      Model {name} {what}. {why}
      {kept}
    </Notice>
  );
}
