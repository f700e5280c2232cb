import { countOf, formatShare } from "@/components/format";
import type { Outcome } from "@/lib/protocol/arena-view";
import type { PairReveal } from "@/lib/protocol/conversation-view";

export const CHOICES: Record<Outcome, string> = {
  a: "You preferred A.",
  b: "You preferred B.",
  tie: "You called it a tie.",
  "both-bad": "You found both bad.",
};

/**
 * What the vote that opened a battle says beside the other votes on this pair. `pair` holds this vote where
 * it counts; where it does not, one is told the share of the others alone.
 */
export function outcomeSentence(
  outcome: Outcome,
  { pair, uncounted }: Pick<PairReveal, "pair" | "uncounted">,
): string {
  const choice = CHOICES[outcome];
  const counts = uncounted === null;
  if (pair.votes <= (counts ? 1 : 0)) {
    return counts ? `${choice} You are the first to judge this pair.` : choice;
  }
  if (outcome === "both-bad" || !counts) {
    const [a, b] = [formatShare(pair.a / pair.votes), formatShare(pair.b / pair.votes)];
    return `${choice} Of ${countOf(pair.votes, "vote")} on this pair, ${a} prefer A and ${b} prefer B.`;
  }
  return `${choice} So did ${formatShare(pair[outcome] / pair.votes)} of voters on this pair.`;
}
