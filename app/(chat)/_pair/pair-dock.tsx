"use client";

import { Share2 } from "lucide-react";
import type { ReactNode, Ref } from "react";
import type { Turn } from "@/components/chat/thread";
import { Button } from "@/components/ui/button";
import { Kbd } from "@/components/ui/kbd";
import type { Outcome } from "@/lib/protocol/arena-view";
import type { PairReveal, PairVote, VoteReason } from "@/lib/protocol/conversation-view";
import { OutcomeBar } from "./outcome-bar";
import { CHOICES, outcomeSentence } from "./outcome-sentence";
import { ReasonChips } from "./reason-chips";
import type { VoteAttempt } from "./use-vote";
import { VoteBar } from "./vote-bar";

export type PairDockProps = {
  region: Ref<HTMLElement>;
  /** The newest turn, the one that is judged here; undefined until its answers have begun. */
  turn: Turn | undefined;
  vote: PairVote | null;
  reveal: PairReveal | null;
  /** Chosen by name: never rated. */
  isNamed: boolean;
  block: string | null;
  attempt: VoteAttempt | null;
  onVote: (turn: Turn, outcome: Outcome) => void;
  onReasons: (vote: PairVote, reasons: VoteReason[]) => void;
  onHelp: () => void;
  onShare: (() => void) | null;
  onBegin: () => void;
  beginLabel: string;
  onAskAnew: (() => void) | null;
  composer: ReactNode;
};

/** The four votes, in their place the outcome once one is cast, and beneath them the next question. */
export function PairDock(props: PairDockProps) {
  const { turn, vote, attempt } = props;
  const own = attempt?.promptId === turn?.prompt.id ? attempt : null;
  return (
    <div className="dock">
      {vote ? (
        <CastVote {...props} vote={vote} />
      ) : (
        turn && (
          <VoteBar
            reason={props.block}
            note={voteNote(props)}
            sending={own?.sending ?? null}
            problem={own?.problem ?? null}
            onVote={(outcome) => props.onVote(turn, outcome)}
            onHelp={props.onHelp}
            onBegin={props.reveal ? props.onBegin : null}
            beginLabel={props.beginLabel}
          />
        )
      )}
      <div className="mx-auto mt-3 w-full max-w-[880px]">{props.composer}</div>
    </div>
  );
}

function voteNote({ isNamed, reveal }: Pick<PairDockProps, "isNamed" | "reveal">): string {
  if (isNamed) return "You chose these models by name: your vote is kept and never rated.";
  if (reveal) return "You know the names by now: this vote is kept and not counted.";
  return "Which answer is better? The names follow your vote.";
}

function CastVote(props: PairDockProps & { vote: PairVote }) {
  const { vote, reveal } = props;
  const isOpening = vote.blind && reveal !== null;
  const uncounted = isOpening
    ? reveal.uncounted
    : props.isNamed
      ? "Votes on models that were chosen by name are kept and never rated."
      : "You knew the names: this vote is kept and not counted.";
  return (
    <OutcomeBar
      region={props.region}
      sentence={isOpening ? outcomeSentence(vote.outcome, reveal) : CHOICES[vote.outcome]}
      uncounted={uncounted}
      reasons={
        <ReasonChips
          key={`${vote.answerAId} ${vote.answerBId}`}
          outcome={vote.outcome}
          chosen={vote.reasons}
          onChange={(reasons) => props.onReasons(vote, reasons)}
        />
      }
    >
      {props.onShare && (
        <Button variant="quiet" onClick={props.onShare} aria-keyshortcuts="l">
          <Share2 size={16} strokeWidth={1.5} aria-hidden="true" />
          Share
        </Button>
      )}
      {props.onAskAnew && (
        <Button onClick={props.onAskAnew} aria-keyshortcuts="s">
          Same question, new pair
        </Button>
      )}
      <Button variant="primary" onClick={props.onBegin} aria-keyshortcuts="n">
        {props.beginLabel}
        <span className="hidden md:inline" aria-hidden="true">
          <Kbd>N</Kbd>
        </span>
      </Button>
    </OutcomeBar>
  );
}
