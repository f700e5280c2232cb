"use client";

import { ChevronLeft, ChevronRight, RefreshCw } from "lucide-react";
import { AnswerText } from "@/components/chat/answer-text";
import { CopyButton } from "@/components/chat/copy-button";
import { Question } from "@/components/chat/question";
import type { ChatTurn as Turn } from "@/components/chat/turn-reducer";
import { formatCount, formatRate, formatSeconds } from "@/components/format";
import { Button } from "@/components/ui/button";
import { Notice } from "@/components/ui/notice";
import { Skeleton } from "@/components/ui/skeleton";
import type { AnswerView } from "@/lib/protocol/arena-view";

export type ChatTurnProps = {
  number: number;
  turn: Turn;
  isBusy: boolean;
  onSwitch: (answerId: string) => void;
  onRegenerate: (answerId: string) => void;
};

export function ChatTurn({ number, turn, isBusy, onSwitch, onRegenerate }: ChatTurnProps) {
  const { prompt, answers, answer } = turn;
  const regenerate = answer && !isBusy ? () => onRegenerate(answer.id) : null;
  return (
    <section aria-label={`Question ${number}`} className="animate-rise">
      <Question text={prompt.content} />
      {answer && (
        <article aria-label="Answer" aria-busy={answer.status === "streaming"} className="mt-6">
          {answer.content === "" && answer.status === "streaming" ? (
            <Skeleton className="mt-2 h-3.5 w-3/5" />
          ) : (
            <AnswerText answer={answer} />
          )}
          {answer.status === "failed" && (
            <Notice
              tone="danger"
              className="mt-4"
              action={
                regenerate && (
                  <Button size="small" onClick={regenerate}>
                    Try again
                  </Button>
                )
              }
            >
              {answer.error?.message ?? "The model stopped answering."} Your question
              {answer.content === "" ? " is kept." : " and what was written are kept."}
            </Notice>
          )}
          {answer.status !== "streaming" && (
            <div className="mt-2 -ml-2.5 flex flex-wrap items-center gap-x-1">
              {answers.length > 1 && (
                <BranchSwitcher answers={answers} answer={answer} onSwitch={onSwitch} />
              )}
              <CopyButton text={answer.content} label="Copy the answer" />
              {regenerate && (
                <Button variant="quiet" size="small" onClick={regenerate}>
                  <RefreshCw size={15} strokeWidth={1.5} aria-hidden="true" />
                  Regenerate
                </Button>
              )}
              <Details answer={answer} />
            </div>
          )}
        </article>
      )}
    </section>
  );
}

type BranchSwitcherProps = Pick<ChatTurnProps, "onSwitch"> & {
  answers: readonly AnswerView[];
  answer: AnswerView;
};

function BranchSwitcher({ answers, answer, onSwitch }: BranchSwitcherProps) {
  const index = answers.findIndex((it) => it.id === answer.id);
  const before = answers[index - 1];
  const after = answers[index + 1];
  return (
    <fieldset className="numeric flex items-center text-sm text-ink-soft">
      <legend className="sr-only">Answers to this question</legend>
      <Button
        variant="quiet"
        size="icon"
        disabled={!before}
        aria-label="Earlier answer"
        onClick={() => before && onSwitch(before.id)}
      >
        <ChevronLeft size={16} strokeWidth={1.5} aria-hidden="true" />
      </Button>
      <span className="min-w-8 text-center">
        {index + 1}/{answers.length}
      </span>
      <Button
        variant="quiet"
        size="icon"
        disabled={!after}
        aria-label="Later answer"
        onClick={() => after && onSwitch(after.id)}
      >
        <ChevronRight size={16} strokeWidth={1.5} aria-hidden="true" />
      </Button>
    </fieldset>
  );
}

function Details({ answer }: { answer: AnswerView }) {
  const { stats } = answer;
  const ending =
    answer.status === "stopped"
      ? "stopped by you"
      : answer.finishReason === "length"
        ? "ended at the length limit"
        : null;
  if (!stats) return ending && <p className="px-2.5 text-xs text-ink-soft">{ending}</p>;
  const facts = [
    answer.model,
    `${formatCount(stats.completionTokens)} tokens`,
    `${formatSeconds(stats.firstTokenMs)} to first token`,
    stats.tokensPerSecond === null ? null : `${formatRate(stats.tokensPerSecond)} tokens/s`,
    ending,
  ];
  return (
    <p
      className="numeric flex flex-wrap gap-x-4 px-2.5 text-xs text-ink-soft"
      title={`Temperature ${stats.temperature}, top-p ${stats.topP}${stats.seed === null ? "" : `, seed ${stats.seed}`}`}
    >
      {facts
        .filter((it) => it !== null)
        .map((fact) => (
          <span key={fact}>{fact}</span>
        ))}
    </p>
  );
}
