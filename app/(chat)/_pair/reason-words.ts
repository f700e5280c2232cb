import type { Outcome } from "@/lib/protocol/arena-view";
import type { VoteReason } from "@/lib/protocol/conversation-view";

export const REASON_WORDS: Record<VoteReason, string> = {
  correct: "Correct",
  complete: "Complete",
  useful: "Useful",
  clear: "Clear",
  style: "Style",
  creative: "Creative",
  wrong: "Wrong",
  incomplete: "Incomplete",
  unhelpful: "Not useful",
  unclear: "Unclear",
  "ignored-instructions": "Ignored what was asked",
  unsafe: "Unsafe",
};

const GOOD: readonly VoteReason[] = ["correct", "complete", "useful", "clear", "style", "creative"];
const BAD: readonly VoteReason[] = [
  ...(["wrong", "incomplete", "unhelpful", "unclear", "ignored-instructions", "unsafe"] as const),
];

export type ReasonGroup = { label: string; reasons: readonly VoteReason[] };

/** The reasons that fit a vote, the likely ones first. */
export function reasonGroups(outcome: Outcome): ReasonGroup[] {
  if (outcome === "both-bad") return [{ label: "They were", reasons: BAD }];
  if (outcome === "tie") {
    return [
      { label: "Both were", reasons: GOOD },
      { label: "or", reasons: BAD },
    ];
  }
  const [better, worse] = outcome === "a" ? ["A", "B"] : ["B", "A"];
  return [
    { label: `${better} was`, reasons: GOOD },
    { label: `${worse} was`, reasons: BAD },
  ];
}
