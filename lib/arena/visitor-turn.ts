import type { Database } from "@/lib/db/client";
import { AppError } from "@/lib/errors";
import { VISITOR_GENERATIONS_MAX } from "@/lib/limits";
import { createId } from "@/lib/util/id";
import {
  countStreamingAnswers,
  createAnswers,
  createPrompt,
  lockVisitor,
  type NewPrompt,
} from "./store";
import type { PlannedAnswer } from "./take-turn";

/** Runs `work` in a transaction in which nothing else is decided for this visitor. */
export function withVisitor<T>(
  db: Database,
  visitorId: string,
  work: (transaction: Database) => Promise<T>,
): Promise<T> {
  return db.transaction(async (transaction) => {
    await lockVisitor(transaction, visitorId);
    return work(transaction);
  });
}

/** What one visitor asked for in one turn. */
export type Asked = { visitorId: string; requestId: string; signal: AbortSignal };

/**
 * Writes a turn down: its prompt, unless that stands already, and its answers as begun. Under the
 * visitor's lock.
 *
 * @throws AppError `overloaded` when the visitor has too many answers running.
 */
export async function writeTurn(
  transaction: Database,
  turn: {
    visitorId: string;
    conversationId: string;
    prompt?: NewPrompt;
    answers: readonly PlannedAnswer[];
  },
): Promise<void> {
  const running = await countStreamingAnswers(transaction, turn.visitorId);
  if (running + turn.answers.length > VISITOR_GENERATIONS_MAX) {
    throw new AppError("overloaded", {
      message: `You have ${running} answers running; ${VISITOR_GENERATIONS_MAX} at once are allowed. Wait for one, or stop it.`,
      retryAfterSeconds: 5,
    });
  }
  if (turn.prompt) await createPrompt(transaction, turn.conversationId, turn.prompt);
  const answers = turn.answers.map(({ id, parentId, side, modelId }) => {
    return { id, parentId, side, modelId };
  });
  await createAnswers(transaction, turn.conversationId, answers);
}

/**
 * Ids of one moment: their order is that of their random bits and says nothing of sides or models, as
 * two readings of the clock would.
 */
export function createIds<Name extends string>(...names: Name[]): Record<Name, string> {
  const nowMs = Date.now();
  const entries = names.map((name) => [name, createId(nowMs)] as const);
  // Object.fromEntries forgets which keys it was given.
  return Object.fromEntries(entries) as Record<Name, string>;
}
