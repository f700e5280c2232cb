"use client";

import { Button } from "@/components/ui/button";
import type { Outcome } from "@/lib/protocol/arena-view";
import type { PairVote } from "@/lib/protocol/conversation-view";
import { CHOICES, outcomeSentence } from "./outcome-sentence";
import type { PairTurnProps } from "./pair-turn";
import { ReasonChips } from "./reason-chips";

const VOTES: readonly (readonly [Outcome, string])[] = [
  ["a", "A is better"],
  ["tie", "Tie"],
  ["both-bad", "Both bad"],
  ["b", "B is better"],
];

export type TurnVoteProps = Pick<
  PairTurnProps,
  "turn" | "number" | "vote" | "reveal" | "voteBlock" | "sending" | "problem" | "actions"
>;

/** The four votes on an earlier turn, small under its answers, or what was voted there. */
export function TurnVote(props: TurnVoteProps) {
  const { turn, number, vote, voteBlock, sending, problem, actions } = props;
  if (vote) return <CastTurnVote {...props} vote={vote} />;
  if (voteBlock !== null) return null;
  return (
    <section
      aria-label={`Your vote on question ${number}`}
      className="flex flex-wrap items-center gap-1.5 md:ml-auto"
    >
      <span aria-hidden="true" className="px-1 text-xs text-ink-soft">
        Not judged yet:
      </span>
      {VOTES.map(([outcome, label]) => (
        <Button
          key={outcome}
          size="small"
          aria-disabled={sending !== null}
          onClick={() => sending === null && actions.vote(turn, outcome)}
        >
          {label}
        </Button>
      ))}
      {problem && <p className="text-xs text-danger">{problem}</p>}
    </section>
  );
}

type CastTurnVoteProps = TurnVoteProps & { vote: PairVote };

/** The vote on an earlier turn may be the one that opened the battle: then it says what it meant. */
function CastTurnVote({ vote, reveal, number, actions }: CastTurnVoteProps) {
  const opened = vote.blind ? reveal : null;
  return (
    <section
      aria-label={`The outcome of question ${number}`}
      className="w-full space-y-2 px-2.5 text-sm text-ink-soft"
    >
      <p>
        {opened ? outcomeSentence(vote.outcome, opened) : CHOICES[vote.outcome]} {opened?.uncounted}
      </p>
      <ReasonChips
        outcome={vote.outcome}
        chosen={vote.reasons}
        onChange={(reasons) => actions.giveReasons(vote, reasons)}
      />
    </section>
  );
}
