/** What a visitor said of two answers, as stored. */
export type Outcome = "a" | "b" | "tie" | "both-bad";

/**
 * What the first model of the pair earned: a win is 1, a loss 0, both kinds of tie half a win.
 *
 * "Both are bad" says nothing of who is better, so it counts as a tie, as in the published board of
 * Chatbot Arena (arXiv 2403.04132, §5).
 */
export function toScore(outcome: Outcome): number {
  if (outcome === "a") return 1;
  if (outcome === "b") return 0;
  return 0.5;
}
