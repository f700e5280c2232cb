import { countOf, formatShare } from "@/components/format";
import type { Outcome, Reveal } from "@/lib/protocol/arena-view";

const CHOICES: Record<Outcome, string> = {
  a: "You preferred A.",
  b: "You preferred B.",
  tie: "You called it a tie.",
  "both-bad": "You found both bad.",
};

/** What the vote says beside the other votes on this pair; this vote is among them. */
export function outcomeSentence(outcome: Outcome, pair: Reveal["pair"]): string {
  const choice = CHOICES[outcome];
  if (pair.votes <= 1) return `${choice} You are the first to judge this pair.`;
  if (outcome === "both-bad") {
    const [a, b] = [formatShare(pair.a / pair.votes), formatShare(pair.b / pair.votes)];
    return `${choice} Of ${countOf(pair.votes, "vote")} on this pair, ${a} prefer A and ${b} prefer B.`;
  }
  return `${choice} So did ${formatShare(pair[outcome] / pair.votes)} of voters on this pair.`;
}

/** Why one cannot vote yet; null when one can. */
export function voteReason(states: {
  a: string | undefined;
  b: string | undefined;
  isSettling: boolean;
}): string | null {
  const { a, b, isSettling } = states;
  if (a === "failed" && b === "failed") return "Neither side answered. Try them again to vote.";
  if (a === "failed") return "Side A did not finish. Try it again to vote.";
  if (b === "failed") return "Side B did not finish. Try it again to vote.";
  if (isSettling) return "Saving what was written…";
  const isDone = (state: string | undefined) => state === "complete" || state === "stopped";
  if (!isDone(a) && !isDone(b)) return "You can vote when both answers are complete or stopped.";
  if (!isDone(a)) return "B is complete. A is still writing.";
  if (!isDone(b)) return "A is complete. B is still writing.";
  return null;
}
