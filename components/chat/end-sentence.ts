import type { AnswerStatus } from "@/lib/protocol/arena-view";
import type { TurnAnswer } from "@/lib/protocol/conversation-view";

const ENDS: Record<AnswerStatus, string> = {
  streaming: "goes on",
  complete: "is complete",
  stopped: "was stopped",
  failed: "failed",
};

/** What a screen reader says of answers that have ended, each of them once. */
export function endSentence(answers: readonly TurnAnswer[]): string {
  const [first, second] = answers;
  const isPair = answers.length === 2 && first?.side !== second?.side;
  if (isPair && first?.status === "complete" && second?.status === "complete") {
    return "Both answers are complete.";
  }
  return [...answers]
    .sort((x, y) => (x.side ?? "").localeCompare(y.side ?? ""))
    .map(({ side, status }) => {
      const name = side === null ? "The answer" : `Answer ${side.toUpperCase()}`;
      return `${name} ${ENDS[status]}.`;
    })
    .join(" ");
}
