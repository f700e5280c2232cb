"use client";

import { RefreshCw } from "lucide-react";
import { memo, useRef, useState } from "react";
import { EditableQuestion } from "@/components/chat/editable-question";
import { Question } from "@/components/chat/question";
import { Switcher } from "@/components/chat/switcher";
import { answerOf, type Turn } from "@/components/chat/thread";
import { Button } from "@/components/ui/button";
import { useNarrow } from "@/components/use-narrow";
import type { Outcome, Side } from "@/lib/protocol/arena-view";
import type { PairReveal, PairVote, VoteReason } from "@/lib/protocol/conversation-view";
import { AnswerPane } from "./answer-pane";
import { shownStatus } from "./judge";
import { SideSwitch } from "./side-switch";
import { TurnVote } from "./turn-vote";

/** What can be done with a turn. One object for all of them that stays the same, so that rows stay too. */
export type TurnActions = {
  retry: (turn: Turn, answerId: string) => void;
  stop: (answerId: string) => void;
  regenerate: (turn: Turn) => void;
  showAttempt: (turn: Turn, number: number) => void;
  showPrompt: (promptId: string) => void;
  vote: (turn: Turn, outcome: Outcome) => void;
  edit: (turn: Turn, prompt: string) => void;
  giveReasons: (vote: PairVote, reasons: VoteReason[]) => void;
};

export type PairTurnProps = {
  number: number;
  turn: Turn;
  /** Of a comparison: each side's model by name. Null: a battle. */
  names: { a: string; b: string } | null;
  reveal: PairReveal | null;
  vote: PairVote | null;
  isLast: boolean;
  isBusy: boolean;
  /** Why there can be no vote on an earlier turn; the last one's votes stand in the dock. */
  voteBlock: string | null;
  /** Which vote on this turn is under way, and why the last one was not taken. */
  sending: Outcome | null;
  problem: string | null;
  actions: TurnActions;
};

const SIDES: readonly Side[] = ["a", "b"];

/** A question and its two answers: side by side, on a phone one beside the other behind a switch. */
export const PairTurn = memo(function PairTurn(props: PairTurnProps) {
  const { number, turn, names, reveal, vote, isLast, isBusy, actions } = props;
  const pager = useRef<HTMLDivElement>(null);
  const isPager = useNarrow();
  const [shown, setShown] = useState<Side>("a");
  const isBlind = names === null && reveal === null;
  const statusOf = (side: Side) =>
    shownStatus(
      answerOf(turn.attempt, side),
      answerOf(turn.attempt, side === "a" ? "b" : "a"),
      isBlind,
    );

  function show(side: Side) {
    const element = pager.current;
    element?.scrollTo({ left: side === "a" ? 0 : element.scrollWidth, behavior: "smooth" });
  }

  function onScroll() {
    const element = pager.current;
    if (!element) return;
    setShown(element.scrollLeft > (element.scrollWidth - element.clientWidth) / 2 ? "b" : "a");
  }

  return (
    <section
      data-turn={turn.prompt.id}
      data-answer={answerOf(turn.attempt, "a")?.id}
      tabIndex={-1}
      aria-label={`Question ${number}`}
      className="animate-rise outline-none"
    >
      <TurnQuestion turn={turn} isEditable={names !== null} isBusy={isBusy} actions={actions} />
      <div className="mt-4 mb-3 flex justify-center md:hidden">
        <fieldset className="grid grid-cols-2 rounded-md border border-line bg-sunken p-0.5">
          <legend className="sr-only">Shown answer</legend>
          {SIDES.map((side) => (
            <SideSwitch
              key={side}
              side={side}
              isShown={shown === side}
              status={statusOf(side)}
              onShow={() => show(side)}
            />
          ))}
        </fieldset>
      </div>
      <div
        ref={pager}
        onScroll={onScroll}
        // What scrolls has to be reachable by keyboard, also before an answer has a button in it.
        {...(isPager && {
          tabIndex: 0,
          role: "group",
          "aria-label": "Answers, swipe between them",
        })}
        // Positioned: what is hidden from sight alone stands in it and widens no page.
        className="snap-pager relative -mx-4 grid auto-cols-[calc(100%-2rem)] grid-flow-col gap-3 overflow-x-auto scroll-px-4 px-4 sm:-mx-8 sm:scroll-px-8 sm:px-8 md:mx-0 md:mt-4 md:auto-cols-fr md:gap-4 md:overflow-visible md:px-0"
      >
        {SIDES.map((side) => (
          <AnswerPane
            key={side}
            side={side}
            answer={answerOf(turn.attempt, side)}
            other={answerOf(turn.attempt, side === "a" ? "b" : "a")}
            isBlind={isBlind}
            name={names?.[side] ?? null}
            card={reveal?.[side] ?? null}
            isPreferred={vote?.outcome === side}
            onRetry={isBusy ? null : (answerId) => actions.retry(turn, answerId)}
            onStop={actions.stop}
          />
        ))}
      </div>
      <TurnFoot {...props} isLast={isLast} />
    </section>
  );
});

type TurnQuestionProps = Pick<PairTurnProps, "turn" | "isBusy" | "actions"> & {
  isEditable: boolean;
};

function TurnQuestion({ turn, isEditable, isBusy, actions }: TurnQuestionProps) {
  if (!isEditable) return <Question text={turn.prompt.content} />;
  const { branches, prompt } = turn;
  return (
    <EditableQuestion
      text={prompt.content}
      isBusy={isBusy}
      onAsk={(text) => actions.edit(turn, text)}
    >
      {branches.length > 1 && (
        <Switcher
          label="Ways to put this question"
          earlier="Earlier question"
          later="Later question"
          index={branches.indexOf(prompt.id)}
          count={branches.length}
          isDisabled={isBusy}
          onShow={(index) => branches[index] !== undefined && actions.showPrompt(branches[index])}
        />
      )}
    </EditableQuestion>
  );
}

/** Under a turn: its other answers, new ones, and the vote on a turn that is not the last. */
function TurnFoot(props: PairTurnProps) {
  const { turn, isLast, isBusy, actions, vote } = props;
  const { attempts, attempt } = turn;
  const isRunning = turn.attempt?.answers.some((it) => it.status === "streaming") ?? true;
  const index = attempts.findIndex((it) => it.number === attempt?.number);
  // What was judged in a battle stays as it was judged.
  const canAskAgain = isLast && !isBusy && (props.names !== null || vote === null);
  return (
    // Its place is held from the start: what appears at the end of an answer moves nothing.
    <div className="mt-2 flex min-h-8 flex-wrap items-center gap-x-2 gap-y-1 pointer-coarse:min-h-11">
      {attempts.length > 1 && (
        <Switcher
          label="Answers to this question"
          earlier="Earlier answers"
          later="Later answers"
          index={index}
          count={attempts.length}
          isDisabled={isBusy}
          onShow={(next) => {
            const number = attempts[next]?.number;
            if (number !== undefined) actions.showAttempt(turn, number);
          }}
        />
      )}
      {canAskAgain && !isRunning && (
        <Button variant="quiet" size="small" onClick={() => actions.regenerate(turn)}>
          <RefreshCw size={14} strokeWidth={1.5} aria-hidden="true" />
          New answers
        </Button>
      )}
      {!isLast && !isRunning && <TurnVote {...props} vote={vote} />}
    </div>
  );
}
