import { AppError } from "@/lib/errors";
import { TURNS_MAX } from "@/lib/limits";
import type { AnswerStatus, Side } from "@/lib/protocol/arena-view";
import type { ConversationKind, PairVoteBody } from "@/lib/protocol/conversation-view";
import { assert } from "@/lib/util/assert";

/**
 * The state machine of a conversation, pure: from what was said and voted so far to what may happen next.
 * A prompt has one answer (a chat) or one a side (a pair). Answers to one prompt come in attempts: all of
 * an attempt are asked together, and a side of it that failed may be tried again within it. One turn is
 * under way at a time. Of a battle only the newest attempt of each turn stands, and only its newest turn
 * goes on; the other kinds may branch anywhere.
 */

export type MessageState = {
  id: string;
  role: "user" | "assistant";
  parentId: string | null;
  side: Side | null;
  attempt: number;
  status: AnswerStatus | null;
  /** Whether it has said anything. */
  isEmpty: boolean;
};
export type VoteState = PairVoteBody & { blind: boolean };
export type ConversationState = {
  kind: ConversationKind;
  /** In the order they were written. */
  messages: readonly MessageState[];
  votes: readonly VoteState[];
};

/** Where an answer goes: null is the one place of a chat. */
export type Place = { side: Side | null; attempt: number };

export const sidesOf = (kind: ConversationKind): readonly (Side | null)[] =>
  kind === "chat" ? [null] : ["a", "b"];

type Answer = Pick<MessageState, "parentId" | "side" | "attempt" | "status">;

/** The two answers of each attempt at a prompt, in order; of a side that was tried again the newest. */
export function toAttempts<Row extends Answer>(
  rows: readonly Row[],
  promptId: string,
): { attempt: number; a: Row | undefined; b: Row | undefined }[] {
  const attempts = new Map<number, { attempt: number; a: Row | undefined; b: Row | undefined }>();
  for (const row of rows) {
    if (row.parentId !== promptId || row.side === null) continue;
    const { attempt } = row;
    const pair = attempts.get(attempt) ?? { attempt, a: undefined, b: undefined };
    pair[row.side] = row;
    attempts.set(attempt, pair);
  }
  return [...attempts.values()].sort((one, other) => one.attempt - other.attempt);
}

/** Answers by the prompt that they answer, so that a long conversation is walked once and not once a turn. */
export function toAnswersByPrompt(
  messages: readonly MessageState[],
): ReadonlyMap<string, readonly MessageState[]> {
  const answers = new Map<string, MessageState[]>();
  for (const message of messages) {
    if (message.role !== "assistant" || message.parentId === null) continue;
    const known = answers.get(message.parentId);
    if (known) known.push(message);
    else answers.set(message.parentId, [message]);
  }
  return answers;
}

/** The newest attempt whose two answers are settled: what later turns of a pair go on from. */
export function findSettledPair<Row extends Answer>(
  rows: readonly Row[],
  promptId: string,
): { a: Row; b: Row } | undefined {
  for (const { a, b } of toAttempts(rows, promptId).reverse()) {
    if (a && b && isSettled(a) && isSettled(b)) return { a, b };
  }
  return undefined;
}

export function isSettled(answer: Pick<MessageState, "status"> | undefined): boolean {
  return answer?.status === "complete" || answer?.status === "stopped";
}

/**
 * Whether a next prompt may follow.
 *
 * @param asked what it shall follow; null: nothing; undefined: the newest.
 * @returns what it follows: an answer in a chat, a prompt in a pair, or null.
 * @throws AppError `conflict`, `not-found` or `invalid-request`
 */
export function planPrompt(
  state: ConversationState,
  asked: string | null | undefined,
): string | null {
  assertIdle(state);
  assertNotFull(state);
  const { kind, messages } = state;
  const role = kind === "chat" ? "assistant" : "user";
  const candidates = messages.filter((it) => it.role === role);
  const newest = candidates.at(-1);
  assert(newest !== undefined, "a conversation begins with its first turn");
  if (kind === "battle" && asked !== undefined && asked !== newest.id) {
    throw new AppError("invalid-request", {
      message: "A battle goes on after its newest turn alone. Leave out `parentId`.",
      param: "parentId",
    });
  }
  if (asked === null) return null;
  const parent = asked === undefined ? newest : candidates.find(({ id }) => id === asked);
  if (parent === undefined) {
    throw new AppError("not-found", {
      message: `\`parentId\` names no ${kind === "chat" ? "answer" : "prompt"} of this conversation.`,
      param: "parentId",
    });
  }
  assertCanFollow(state, parent);
  return parent.id;
}

function assertCanFollow({ kind, messages }: ConversationState, parent: MessageState): void {
  if (kind === "chat") {
    if (parent.status === "failed" && parent.isEmpty) {
      throw conflict("That answer failed. Generate it again before you go on from it.");
    }
    return;
  }
  const newest = toAttempts(messages, parent.id).at(-1);
  const isReady =
    kind === "battle"
      ? isSettled(newest?.a) && isSettled(newest?.b)
      : findSettledPair(messages, parent.id) !== undefined;
  if (!isReady) {
    throw conflict("One answer of this turn failed. Try it again before you go on.");
  }
}

/**
 * Whether a prompt may be answered anew, and where the new answers go.
 *
 * @param asked with `answerId` that failed side alone, or that answer of a chat.
 * @throws AppError `conflict` or `not-found`
 */
export function planAnswers(
  state: ConversationState,
  asked: { promptId: string; answerId?: string | undefined },
): Place[] {
  assertIdle(state);
  assertNotFull(state);
  const { kind, messages, votes } = state;
  const prompt = messages.find(({ id, role }) => id === asked.promptId && role === "user");
  if (prompt === undefined) {
    throw new AppError("not-found", {
      message: "`promptId` names no prompt of this conversation.",
      param: "promptId",
    });
  }
  const answers = messages.filter(({ parentId, role }) => {
    return parentId === prompt.id && role === "assistant";
  });
  const { answerId } = asked;
  const failed = answers.find(({ id }) => id === answerId);
  if (answerId !== undefined && failed === undefined) {
    throw new AppError("not-found", {
      message: "`answerId` names no answer to that prompt.",
      param: "answerId",
    });
  }
  const isNewestTurn = messages.findLast(({ role }) => role === "user") === prompt;
  if (kind === "battle" && !isNewestTurn) {
    throw conflict("The battle has moved on from this turn.");
  }
  if (failed && failed.side !== null) {
    const { side, attempt } = failed;
    if (failed.status !== "failed") {
      throw conflict("Only an answer that failed can be tried again by itself.");
    }
    if (toAttempts(answers, prompt.id).at(-1)?.[side] !== failed) {
      throw conflict("That answer was tried again already.");
    }
    return [{ side, attempt }];
  }
  const isVoted = votes.some(({ answerAId }) => answers.some(({ id }) => id === answerAId));
  if (kind === "battle" && isVoted) {
    throw conflict("These answers were voted on and stay. Ask the next prompt instead.");
  }
  const attempt = Math.max(-1, ...answers.map((it) => it.attempt)) + 1;
  return sidesOf(kind).map((side) => ({ side, attempt }));
}

/**
 * What a vote does. `blind`: it opens the battle. `open`: it is stored, on models whose names are known.
 * `same`: it was cast before and changes nothing.
 *
 * @throws AppError `conflict` or `invalid-request`
 */
export function decideVote(
  { kind, messages, votes }: ConversationState,
  body: PairVoteBody,
): "blind" | "open" | "same" {
  const { answerAId, answerBId, outcome } = body;
  const cast = votes.find((it) => it.answerAId === answerAId && it.answerBId === answerBId);
  if (cast?.outcome === outcome) return "same";
  if (cast) throw conflict("This turn has been voted on. The first vote on a turn stays.");
  const a = messages.find(({ id, side }) => id === answerAId && side === "a");
  const b = messages.find(({ id, side }) => id === answerBId && side === "b");
  if (!a || !b || a.parentId !== b.parentId || a.attempt !== b.attempt || a.parentId === null) {
    throw new AppError("invalid-request", {
      message: "A vote names the answers of side a and side b to one prompt of this conversation.",
      param: "answerAId",
    });
  }
  if (kind === "battle") {
    const newest = toAttempts(messages, a.parentId).at(-1);
    if (newest?.a !== a || newest.b !== b) {
      throw conflict("These answers were replaced by newer ones. Vote on those.");
    }
  }
  if (!isSettled(a) || !isSettled(b)) {
    throw conflict(
      "A vote needs two finished answers. Wait for them, or try the failed one again.",
    );
  }
  return kind === "battle" && !votes.some(({ blind }) => blind) ? "blind" : "open";
}

/** Turns of a pair until the one of this answer, that one included. */
export function countTurnsUntil({ messages }: ConversationState, answerId: string): number {
  const parents = new Map(messages.map(({ id, parentId }) => [id, parentId]));
  let turns = 0;
  for (let id = parents.get(answerId) ?? null; id !== null; id = parents.get(id) ?? null)
    turns += 1;
  return turns;
}

function assertIdle({ messages }: ConversationState): void {
  if (messages.every(({ status }) => status !== "streaming")) return;
  throw conflict("An answer is still being written. Wait for it, or stop it first.");
}

function assertNotFull({ kind, messages }: ConversationState): void {
  const count = messages.filter(({ role }) => role === "assistant").length;
  if (count < TURNS_MAX * sidesOf(kind).length) return;
  throw conflict(`A conversation holds ${TURNS_MAX} answers a model. Start a new one.`);
}

function conflict(message: string): AppError {
  return new AppError("conflict", { message });
}
