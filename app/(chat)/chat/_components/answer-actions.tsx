"use client";

import { Flag, Info, RefreshCw, ThumbsDown, ThumbsUp } from "lucide-react";
import { useState } from "react";
import { CopyButton } from "@/components/chat/copy-button";
import { Switcher } from "@/components/chat/switcher";
import type { Turn } from "@/components/chat/thread";
import { Button } from "@/components/ui/button";
import type { TurnAnswer } from "@/lib/protocol/conversation-view";
import { AnswerDetails } from "./answer-details";
import { FlagForm } from "./flag-form";
import type { Marks } from "./use-marks";

export type AnswerActionsProps = {
  turn: Turn;
  answer: TurnAnswer;
  isBusy: boolean;
  marks: Marks;
  onShow: (number: number) => void;
  onRegenerate: () => void;
};

/** What can be done with a finished answer, as one quiet row beneath it. */
export function AnswerActions(props: AnswerActionsProps) {
  const { turn, answer, isBusy, marks, onShow, onRegenerate } = props;
  const [isFlagging, setIsFlagging] = useState(false);
  const [hasDetails, setHasDetails] = useState(false);
  const has = (kind: "up" | "down" | "flag") => answer.marks.includes(kind);
  const toggle = (kind: "up" | "down" | "flag") =>
    void marks.mark({ answer, kind, isSet: !has(kind) });
  return (
    <>
      <div className="mt-2 -ml-2.5 flex flex-wrap items-center gap-x-0.5">
        {turn.attempts.length > 1 && (
          <Switcher
            label="Answers to this question"
            earlier="Earlier answer"
            later="Later answer"
            index={turn.attempt?.number ?? 0}
            count={turn.attempts.length}
            onShow={onShow}
          />
        )}
        <CopyButton text={answer.content} label="Copy the answer" />
        <Button variant="quiet" size="small" disabled={isBusy} onClick={onRegenerate}>
          <RefreshCw size={15} strokeWidth={1.5} aria-hidden="true" />
          Regenerate
        </Button>
        <MarkButton isSet={has("up")} label="Good answer" onClick={() => toggle("up")}>
          <ThumbsUp size={15} strokeWidth={1.5} aria-hidden="true" />
        </MarkButton>
        <MarkButton isSet={has("down")} label="Bad answer" onClick={() => toggle("down")}>
          <ThumbsDown size={15} strokeWidth={1.5} aria-hidden="true" />
        </MarkButton>
        <MarkButton
          isSet={has("flag")}
          label="Report to the operator"
          onClick={() => (has("flag") ? toggle("flag") : setIsFlagging(!isFlagging))}
        >
          <Flag size={15} strokeWidth={1.5} aria-hidden="true" />
        </MarkButton>
        <Button
          variant="quiet"
          size="small"
          aria-expanded={hasDetails}
          onClick={() => setHasDetails(!hasDetails)}
        >
          <Info size={15} strokeWidth={1.5} aria-hidden="true" />
          Details
        </Button>
      </div>
      {marks.problem?.answerId === answer.id && (
        <p role="alert" className="text-sm text-danger">
          Your mark was not kept. {marks.problem.message}
        </p>
      )}
      {isFlagging && !has("flag") && (
        <FlagForm
          onFlag={(note) => {
            setIsFlagging(false);
            void marks.mark({ answer, kind: "flag", isSet: true, ...(note && { note }) });
          }}
          onLeave={() => setIsFlagging(false)}
        />
      )}
      {hasDetails && <AnswerDetails answer={answer} />}
    </>
  );
}

type MarkButtonProps = {
  isSet: boolean;
  label: string;
  onClick: () => void;
  children: React.ReactNode;
};

function MarkButton({ isSet, label, onClick, children }: MarkButtonProps) {
  return (
    <Button
      variant="quiet"
      size="icon"
      aria-label={label}
      aria-pressed={isSet}
      title={label}
      onClick={onClick}
      className="aria-pressed:text-accent aria-pressed:[&_svg]:fill-current"
    >
      {children}
    </Button>
  );
}
