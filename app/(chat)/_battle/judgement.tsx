"use client";

import { OutcomeBar, type OutcomeBarProps } from "./outcome-bar";
import { VoteBar, type VoteBarProps } from "./vote-bar";

export type JudgementProps = Omit<OutcomeBarProps, "sentence"> &
  Pick<VoteBarProps, "onHelp"> & {
    /** What the cast vote says; null before it. */
    sentence: string | null;
    /** Undefined while there is nothing to vote on. */
    vote: Omit<VoteBarProps, "onHelp"> | undefined;
  };

/** The four votes, and in their place the outcome once one is cast. */
export function Judgement({ sentence, vote, onHelp, ...outcome }: JudgementProps) {
  if (sentence) return <OutcomeBar sentence={sentence} {...outcome} />;
  return vote && <VoteBar {...vote} onHelp={onHelp} />;
}
