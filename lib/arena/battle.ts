import { AppError } from "@/lib/errors";
import { TURNS_MAX } from "@/lib/limits";
import type { AnswerStatus, Side, VoteBody } from "@/lib/protocol/arena-view";

/**
 * The state machine of a battle, pure: from what was said and voted so far to what may happen next.
 * Each turn is a prompt with an answer a side; a side that failed may be tried again, and its newest
 * attempt is the one that stands. One vote counts, on a turn whose two answers are settled.
 */

export type AnswerState = { id: string; status: AnswerStatus };
export type TurnState = { promptId: string; sides: Partial<Record<Side, AnswerState>> };
export type BattleState = {
  turns: TurnState[];
  /** Attempts that failed and were tried again among them. */
  answerCount: number;
  vote: VoteBody | null;
};

type MessageState = {
  id: string;
  role: "user" | "assistant";
  parentId: string | null;
  side: Side | null;
  status: AnswerStatus | null;
};

/** Messages in the order they were written, as the turns they make up. */
export function toBattleState(
  messages: readonly MessageState[],
  vote: VoteBody | null,
): BattleState {
  const turns: TurnState[] = [];
  const byPrompt = new Map<string, TurnState>();
  for (const { id, role, parentId, side, status } of messages) {
    if (role === "user") {
      const turn: TurnState = { promptId: id, sides: {} };
      turns.push(turn);
      byPrompt.set(id, turn);
    } else if (parentId !== null && side !== null && status !== null) {
      const turn = byPrompt.get(parentId);
      if (turn) turn.sides[side] = { id, status };
    }
  }
  const answerCount = messages.filter(({ role }) => role === "assistant").length;
  return { turns, answerCount, vote };
}

export function isSettled(answer: AnswerState | undefined): boolean {
  return answer?.status === "complete" || answer?.status === "stopped";
}

/**
 * Whether a next prompt may follow; returns the prompt it follows.
 *
 * @throws AppError `conflict`
 */
export function assertMayTakeTurn({ turns, answerCount }: BattleState): string {
  const last = turns.at(-1);
  if (last === undefined) throw conflict("This battle has no first prompt.");
  const answers = [last.sides.a, last.sides.b];
  if (answers.some((answer) => answer?.status === "streaming")) {
    throw conflict("An answer is still being written. Wait for it, or stop it first.");
  }
  if (!answers.every(isSettled)) {
    throw conflict("One answer of this turn failed. Try it again before you go on.");
  }
  assertNotFull(answerCount);
  return last.promptId;
}

/**
 * Whether the answer may be tried again: it failed, and it is the newest of its side in the last turn.
 *
 * @throws AppError `not-found` or `conflict`
 */
export function assertMayRetry(
  { turns, answerCount }: BattleState,
  answerId: string,
): { promptId: string; side: Side } {
  for (const [index, { promptId, sides }] of turns.entries()) {
    for (const side of ["a", "b"] as const) {
      if (sides[side]?.id !== answerId) continue;
      if (sides[side].status !== "failed") {
        throw conflict("Only an answer that failed can be tried again.");
      }
      if (index !== turns.length - 1) throw conflict("The battle has moved on from this answer.");
      assertNotFull(answerCount);
      return { promptId, side };
    }
  }
  throw new AppError("not-found", { message: "There is no such answer to try again." });
}

/**
 * What a vote does: it counts, or it was counted before and changes nothing.
 *
 * @throws AppError `conflict` or `invalid-request`
 */
export function decideVote({ turns, vote }: BattleState, body: VoteBody): "count" | "counted" {
  if (vote) {
    const isSame =
      vote.outcome === body.outcome &&
      vote.answerAId === body.answerAId &&
      vote.answerBId === body.answerBId;
    if (isSame) return "counted";
    throw conflict("This battle has been voted on. One vote counts, the first.");
  }
  const turn = turns.find(
    ({ sides }) => sides.a?.id === body.answerAId && sides.b?.id === body.answerBId,
  );
  if (turn === undefined) {
    throw new AppError("invalid-request", {
      message: "A vote names the answers of side a and side b to one prompt of this battle.",
      param: "answerAId",
    });
  }
  if (!isSettled(turn.sides.a) || !isSettled(turn.sides.b)) {
    throw conflict(
      "A vote needs two finished answers. Wait for them, or try the failed one again.",
    );
  }
  return "count";
}

function assertNotFull(answerCount: number): void {
  if (answerCount < TURNS_MAX * 2) return;
  throw conflict(`A battle holds ${TURNS_MAX} answers a side. Start a new one.`);
}

function conflict(message: string): AppError {
  return new AppError("conflict", { message });
}
