import type { Database } from "@/lib/db/client";
import { AppError } from "@/lib/errors";
import { VISITOR_GENERATIONS_MAX } from "@/lib/limits";
import type { PlannedTurn } from "./plan-turn";
import {
  countStreamingAnswers,
  createAnswers,
  createPrompt,
  lockVisitor,
  saveSettings,
} from "./store";

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
export type Asked = {
  visitorId: string;
  /** auth/network.ts */
  network?: string | undefined;
  requestId: string;
  /** Aborts when the reader left; what is under way by then goes on. */
  signal: AbortSignal;
};

/**
 * Writes a turn down: its prompt, unless that stands already, and its answers as begun. Under the
 * visitor's lock.
 *
 * @throws AppError `overloaded` when the visitor has too many answers running.
 */
export async function writeTurn(
  transaction: Database,
  {
    visitorId,
    conversationId,
    turn,
  }: {
    visitorId: string;
    conversationId: string;
    turn: PlannedTurn;
  },
): Promise<void> {
  const running = await countStreamingAnswers(transaction, visitorId);
  if (running + turn.answers.length > VISITOR_GENERATIONS_MAX) {
    throw new AppError("overloaded", {
      message: `You have ${running} answers running; ${VISITOR_GENERATIONS_MAX} at once are allowed. Wait for one, or stop it.`,
      retryAfterSeconds: 5,
    });
  }
  const { isNew, ...prompt } = turn.prompt;
  if (isNew) await createPrompt(transaction, conversationId, prompt);
  const answers = turn.answers.map(({ id, parentId, side, attempt, modelId }) => {
    return { id, parentId, side, attempt, modelId };
  });
  await createAnswers(transaction, conversationId, answers);
  await saveSettings(transaction, conversationId, turn.settings);
}
