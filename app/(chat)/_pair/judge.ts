import { type Attempt, answerOf } from "@/components/chat/thread";
import type { AnswerStatus, AnswerView } from "@/lib/protocol/arena-view";
import type { PairVote } from "@/lib/protocol/conversation-view";

/** The vote on these two answers. */
export function voteOn(votes: readonly PairVote[], attempt: Attempt | null): PairVote | null {
  const [a, b] = [answerOf(attempt, "a"), answerOf(attempt, "b")];
  return votes.find((it) => it.answerAId === a?.id && it.answerBId === b?.id) ?? null;
}

/**
 * What a pane says of its answer. While a pair is blind, an answer that ended by itself stands as being
 * written until the other one has ended too, since the order would tell which model is the fast one. A
 * stop is the reader's own doing and is shown at once.
 */
export function shownStatus(
  answer: Pick<AnswerView, "status"> | null,
  other: Pick<AnswerView, "status"> | null,
  isBlind: boolean,
): AnswerStatus | undefined {
  if (!answer) return undefined;
  const isHeld = isBlind && other?.status === "streaming" && answer.status !== "stopped";
  return isHeld ? "streaming" : answer.status;
}

export type VoteConditions = {
  attempt: Attempt | null;
  isBlind: boolean;
  isOnline: boolean;
  /** The server was heard when it was last asked. */
  isReachable: boolean;
};

/** Why one cannot vote on these answers now; null when one can. */
export function voteBlock(conditions: VoteConditions): string | null {
  const { attempt, isBlind, isOnline, isReachable } = conditions;
  if (!isOnline) return "You can vote when you are back online.";
  if (!isReachable) return "You can vote as soon as the server can be reached again.";
  const [a, b] = [answerOf(attempt, "a"), answerOf(attempt, "b")];
  const [stateA, stateB] = [shownStatus(a, b, isBlind), shownStatus(b, a, isBlind)];
  const isDone = (state: AnswerStatus | undefined) => state === "complete" || state === "stopped";
  if (isDone(stateA) && isDone(stateB)) return null;
  const failed = [stateA === "failed" && "A", stateB === "failed" && "B"].filter((it) => it);
  if (failed.length === 2) return "Neither side answered. Try them again to vote.";
  if (failed.length === 1) return `Side ${failed[0]} did not finish. Try it again to vote.`;
  if (isBlind || isDone(stateA) === isDone(stateB)) {
    return "You can vote when both answers are complete or stopped.";
  }
  return isDone(stateA) ? "A has ended. B is still writing." : "B has ended. A is still writing.";
}
