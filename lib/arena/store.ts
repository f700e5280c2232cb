import { and, asc, count, desc, eq, gt, lt, sql } from "drizzle-orm";
import type { Database } from "@/lib/db/client";
import { conversations, messages, visitors } from "@/lib/db/schema/conversations";
import { models } from "@/lib/db/schema/models";
import { workerModels, workers } from "@/lib/db/schema/workers";
import type { ErrorCode } from "@/lib/errors";
import { ANSWER_STALE_AFTER_MS } from "@/lib/limits";
import type { Side } from "@/lib/protocol/arena-view";
import type { Segment } from "@/lib/protocol/segment";
import { assert } from "@/lib/util/assert";

/** Conversations and their messages. Battles and votes stand in battle-store.ts. */

export type MessageRow = typeof messages.$inferSelect & { modelName: string | null };
export type ConversationRow = typeof conversations.$inferSelect & { modelName: string | null };
export type ConversationKind = ConversationRow["kind"];

/** What is written of an answer when it begins. */
export type NewAnswer = { id: string; parentId: string; side: Side | null; modelId: string };
export type NewPrompt = { id: string; parentId: string | null; content: string };

/** What is written of an answer when it ends. Null: never came to be known. */
export type AnswerEnd = {
  content: string;
  modelBuild: string | null;
  workerId: string | null;
  parameters: { temperature: number; topP: number; maxTokens: number } | null;
  seed: number | null;
  promptTokens: number | null;
  completionTokens: number | null;
  firstTokenMs: number | null;
  durationMs: number | null;
  /** Null where one worker wrote all. */
  segments: Segment[] | null;
} & (
  | { status: "complete"; finishReason: "stop" | "length" }
  | { status: "stopped" }
  | { status: "failed"; errorCode: ErrorCode; errorMessage: string }
);

/**
 * Makes this transaction the only one that writes for the visitor. Whatever a visitor may do once (a
 * vote, a next turn, a place among the running answers) is decided and written under this lock. It does
 * not stop rows that merely point at the visitor.
 */
export async function lockVisitor(db: Database, visitorId: string): Promise<void> {
  const rows = await db
    .select({ id: visitors.id })
    .from(visitors)
    .where(eq(visitors.id, visitorId))
    .for("no key update");
  assert(rows.length === 1, "a visitor is written before it is locked");
}

/** Answers of the visitor that a living process is writing. */
export async function countStreamingAnswers(db: Database, visitorId: string): Promise<number> {
  const [row] = await db
    .select({ count: count() })
    .from(messages)
    .innerJoin(conversations, eq(conversations.id, messages.conversationId))
    .where(
      and(
        eq(messages.status, "streaming"),
        eq(conversations.visitorId, visitorId),
        gt(messages.updatedAt, staleMoment),
      ),
    );
  return row?.count ?? 0;
}

const staleMoment = sql`now() - make_interval(secs => ${ANSWER_STALE_AFTER_MS / 1000})`;

export async function createConversation(
  db: Database,
  row: { visitorId: string; kind: ConversationKind; modelId: string | null },
): Promise<string> {
  const [created] = await db.insert(conversations).values(row).returning({ id: conversations.id });
  assert(created !== undefined, "an insert returns its row");
  return created.id;
}

/** The visitor's own conversation of that kind; another's is as good as none. */
export async function findConversation(
  db: Database,
  by: { id: string; visitorId: string; kind?: ConversationKind },
): Promise<ConversationRow | undefined> {
  const [row] = await db
    .select({ conversation: conversations, modelName: models.name })
    .from(conversations)
    .leftJoin(models, eq(models.id, conversations.modelId))
    .where(
      and(
        eq(conversations.id, by.id),
        eq(conversations.visitorId, by.visitorId),
        by.kind && eq(conversations.kind, by.kind),
      ),
    );
  return row && { ...row.conversation, modelName: row.modelName };
}

export async function createPrompt(
  db: Database,
  conversationId: string,
  prompt: NewPrompt,
): Promise<void> {
  await db.insert(messages).values({ ...prompt, conversationId, role: "user" });
}

export async function createAnswers(
  db: Database,
  conversationId: string,
  answers: readonly NewAnswer[],
): Promise<void> {
  await db.insert(messages).values(
    answers.map((answer) => ({
      ...answer,
      conversationId,
      role: "assistant" as const,
      status: "streaming" as const,
    })),
  );
  await db
    .update(conversations)
    .set({ updatedAt: sql`now()` })
    .where(eq(conversations.id, conversationId));
}

/** In the order they were written; a prompt before its answers, side a before side b. */
export async function readMessages(db: Database, conversationId: string): Promise<MessageRow[]> {
  const rows = await db
    .select({ message: messages, modelName: models.name })
    .from(messages)
    .leftJoin(models, eq(models.id, messages.modelId))
    .where(eq(messages.conversationId, conversationId))
    // A prompt and its answers are of one transaction and so of one moment.
    .orderBy(asc(messages.createdAt), desc(messages.role), asc(messages.side), asc(messages.id));
  return rows.map(({ message, modelName }) => ({ ...message, modelName }));
}

async function getMessage(db: Database, id: string): Promise<MessageRow> {
  const [row] = await db
    .select({ message: messages, modelName: models.name })
    .from(messages)
    .leftJoin(models, eq(models.id, messages.modelId))
    .where(eq(messages.id, id));
  assert(row !== undefined, "a message that was written is there");
  return { ...row.message, modelName: row.modelName };
}

/** The text so far, and a sign of life even where there is none yet. */
export async function saveProgress(db: Database, id: string, content: string): Promise<void> {
  await db
    .update(messages)
    .set({ content, updatedAt: sql`now()` })
    .where(and(eq(messages.id, id), eq(messages.status, "streaming")));
}

/** Writes the end of an answer, unless another end was written before; returns what stands. */
export async function finishAnswer(db: Database, id: string, end: AnswerEnd): Promise<MessageRow> {
  await db
    .update(messages)
    .set({ ...end, updatedAt: sql`now()` })
    .where(and(eq(messages.id, id), eq(messages.status, "streaming")));
  return getMessage(db, id);
}

/** Ends answers whose process died: with text they are stopped, without they failed. Returns how many. */
export async function sweepStaleAnswers(db: Database): Promise<number> {
  const code: ErrorCode = "worker-lost";
  const isEmpty = sql`${messages.content} = ''`;
  const swept = await db
    .update(messages)
    .set({
      status: sql`case when ${isEmpty} then 'failed' else 'stopped' end`,
      errorCode: sql`case when ${isEmpty} then ${code} end`,
      errorMessage: sql`case when ${isEmpty} then 'The answer was cut off before its first word. Try it again.' end`,
      updatedAt: sql`now()`,
    })
    .where(and(eq(messages.status, "streaming"), lt(messages.updatedAt, staleMoment)))
    .returning({ id: messages.id });
  return swept.length;
}

/** Every model that was ever offered, by name. */
export async function readModels(db: Database) {
  return db
    .select({ id: models.id, name: models.name, description: models.description })
    .from(models)
    .orderBy(asc(models.name));
}

/** What each model could be asked for at the worker that offered it last, by the model's id. */
export async function readLastFeatures(db: Database): Promise<ReadonlyMap<string, string[]>> {
  const rows = await db
    .selectDistinctOn([workerModels.modelId], {
      modelId: workerModels.modelId,
      features: workerModels.features,
    })
    .from(workerModels)
    .innerJoin(workers, eq(workers.id, workerModels.workerId))
    .orderBy(workerModels.modelId, desc(workers.registeredAt));
  return new Map(rows.map((it) => [it.modelId, it.features]));
}
