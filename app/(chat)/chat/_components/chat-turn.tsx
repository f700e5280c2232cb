"use client";

import { AnswerText } from "@/components/chat/answer-text";
import { AwaitedText } from "@/components/chat/awaited-text";
import type { ConversationClient } from "@/components/chat/conversation-client";
import { EditableQuestion } from "@/components/chat/editable-question";
import { Reasoning } from "@/components/chat/reasoning";
import { Switcher } from "@/components/chat/switcher";
import type { Turn } from "@/components/chat/thread";
import { Button } from "@/components/ui/button";
import { Notice } from "@/components/ui/notice";
import { useHeldFocus } from "@/components/use-held-focus";
import type { ConversationSettings, TurnAnswer } from "@/lib/protocol/conversation-view";
import { AnswerActions } from "./answer-actions";
import type { Marks } from "./use-marks";

export type ChatTurnProps = {
  number: number;
  turn: Turn;
  client: ConversationClient;
  isBusy: boolean;
  marks: Marks;
  toSend: { settings?: ConversationSettings };
};

export function ChatTurn({ number, turn, client, isBusy, marks, toSend }: ChatTurnProps) {
  const { prompt, branches, attempt } = turn;
  const answer = attempt?.answers[0];
  const held = useHeldFocus<HTMLElement>();
  const regenerate = () => void client.answerAgain({ promptId: prompt.id });
  return (
    <section aria-label={`Question ${number}`}>
      <EditableQuestion
        text={prompt.content}
        isBusy={isBusy}
        onAsk={(text) => void client.ask({ prompt: text, parentId: prompt.parentId, ...toSend })}
      >
        {branches.length > 1 && (
          <Switcher
            label="Wordings of this question"
            earlier="Earlier wording"
            later="Later wording"
            index={branches.indexOf(prompt.id)}
            count={branches.length}
            onShow={(index) => {
              const id = branches[index];
              if (id !== undefined) client.showPrompt(id);
            }}
          />
        )}
      </EditableQuestion>
      {answer && (
        <article
          ref={held}
          tabIndex={-1}
          aria-label="Answer"
          aria-busy={answer.status === "streaming"}
          className="mt-4 outline-offset-8"
        >
          <Reasoning answer={answer} />
          {answer.content === "" && answer.status === "streaming" ? (
            <AwaitedText answer={answer} />
          ) : (
            <AnswerText answer={answer} />
          )}
          <Ending answer={answer} onRegenerate={isBusy ? null : regenerate} />
          {answer.status !== "streaming" && (
            <AnswerActions
              turn={turn}
              answer={answer}
              isBusy={isBusy}
              marks={marks}
              onShow={(index) => client.showAttempt(prompt.id, index)}
              onRegenerate={regenerate}
            />
          )}
        </article>
      )}
    </section>
  );
}

type EndingProps = { answer: TurnAnswer; onRegenerate: (() => void) | null };

/** How an answer ended that did not end by itself. */
function Ending({ answer, onRegenerate }: EndingProps) {
  if (answer.status === "failed") {
    return (
      <Notice
        tone="danger"
        className="mt-4"
        action={
          onRegenerate && (
            <Button size="small" onClick={onRegenerate}>
              Try again
            </Button>
          )
        }
      >
        {answer.error?.message ?? "The model stopped answering."} Your question
        {answer.content === "" ? " is kept." : " and what was written are kept."}
      </Notice>
    );
  }
  const words =
    answer.status === "stopped"
      ? answer.content === ""
        ? "You stopped it before its first word."
        : "You stopped it here."
      : answer.finishReason === "length"
        ? "It ended at its length limit."
        : null;
  return words && <p className="mt-3 text-sm text-ink-soft">{words}</p>;
}
