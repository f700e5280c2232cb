import { and, asc, count, desc, eq, gt, inArray, lt, sql } from "drizzle-orm";
import type { Database } from "@/lib/db/client";
import { conversations, messages, visitors } from "@/lib/db/schema/conversations";
import { models } from "@/lib/db/schema/models";
import { workerModels, workers } from "@/lib/db/schema/workers";
import { AppError, type ErrorCode } from "@/lib/errors";
import { ANSWER_STALE_AFTER_MS } from "@/lib/limits";
import type { Side } from "@/lib/protocol/arena-view";
import type { ConversationKind, ConversationSettings } from "@/lib/protocol/conversation-view";
import type { Segment } from "@/lib/protocol/segment";
import { isHiddenName } from "@/lib/rules/hidden-names";
import { assert } from "@/lib/util/assert";

/** Conversations and their messages. Pairs and votes stand in battle-store.ts. */

export type MessageRow = typeof messages.$inferSelect & { modelName: string | null };
export type ConversationRow = typeof conversations.$inferSelect & { modelName: string | null };

/** What is written of an answer when it begins. */
export type NewAnswer = {
  id: string;
  parentId: string;
  side: Side | null;
  attempt: number;
  modelId: string;
};
export type NewPrompt = { id: string; parentId: string | null; content: string };

/** What is written of an answer when it ends, beside its text. Null: never came to be known. */
export type AnswerEnd = {
  modelBuild: string | null;
  workerId: string | null;
  parameters: { temperature: number; topP: number; maxTokens: number; system?: string } | null;
  seed: number | null;
  promptTokens: number | null;
  completionTokens: number | null;
  firstTokenMs: number | null;
  durationMs: number | null;
  /** Null where one worker wrote all. */
  segments: Segment[] | null;
} & (
  | { status: "complete"; finishReason: "stop" | "length" }
  | { status: "stopped"; finishReason: null }
  | { status: "failed"; finishReason: null; errorCode: ErrorCode; errorMessage: string }
);

/**
 * Makes this transaction the only one that writes for the visitor. Whatever a visitor may do once (a
 * vote, a next turn, a place among the running answers) is decided and written under this lock. It does
 * not stop rows that merely point at the visitor.
 *
 * @throws AppError `not-found` where the visitor has deleted everything meanwhile.
 */
export async function lockVisitor(db: Database, visitorId: string): Promise<void> {
  const rows = await db
    .select({ id: visitors.id })
    .from(visitors)
    .where(eq(visitors.id, visitorId))
    .for("no key update");
  if (rows.length > 0) return;
  throw new AppError("not-found", {
    message: "All that was kept of you was deleted meanwhile. Start a new conversation.",
  });
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
  row: {
    visitorId: string;
    kind: ConversationKind;
    modelId: string | null;
    settings: ConversationSettings;
  },
): Promise<string> {
  const [created] = await db.insert(conversations).values(row).returning({ id: conversations.id });
  assert(created !== undefined, "an insert returns its row");
  return created.id;
}

/** The visitor's own conversation; another's is as good as none. */
export async function findConversation(
  db: Database,
  by: { id: string; visitorId: string },
): Promise<ConversationRow | undefined> {
  const [row] = await db
    .select({ conversation: conversations, modelName: models.name })
    .from(conversations)
    .leftJoin(models, eq(models.id, conversations.modelId))
    .where(and(eq(conversations.id, by.id), eq(conversations.visitorId, by.visitorId)));
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
  await touchConversation(db, conversationId);
}

/** Somebody is there: a turn was asked, or is being read by way of another process. */
export async function touchConversation(db: Database, id: string): Promise<void> {
  await db.update(conversations).set({ updatedAt: sql`now()` }).where(eq(conversations.id, id));
}

export async function readTouchedAt(db: Database, id: string): Promise<Date | undefined> {
  const [row] = await db
    .select({ updatedAt: conversations.updatedAt })
    .from(conversations)
    .where(eq(conversations.id, id));
  return row?.updatedAt;
}

export async function saveSettings(
  db: Database,
  conversationId: string,
  settings: ConversationSettings,
): Promise<void> {
  await db.update(conversations).set({ settings }).where(eq(conversations.id, conversationId));
}

/** A prompt and its answers are of one transaction and so of one moment. */
const inOrder = [
  ...[asc(messages.createdAt), desc(messages.role), asc(messages.side), asc(messages.id)],
];

/** In the order they were written; a prompt before its answers, side a before side b. */
export async function readMessages(db: Database, conversationId: string): Promise<MessageRow[]> {
  const rows = await db
    .select({ message: messages, modelName: models.name })
    .from(messages)
    .leftJoin(models, eq(models.id, messages.modelId))
    .where(eq(messages.conversationId, conversationId))
    .orderBy(...inOrder);
  return rows.map(({ message, modelName }) => ({ ...message, modelName }));
}

export async function readMessagesById(
  db: Database,
  ids: readonly string[],
): Promise<MessageRow[]> {
  const rows = await db
    .select({ message: messages, modelName: models.name })
    .from(messages)
    .leftJoin(models, eq(models.id, messages.modelId))
    .where(inArray(messages.id, [...ids]))
    .orderBy(...inOrder);
  return rows.map(({ message, modelName }) => ({ ...message, modelName }));
}

/** What the tree of a conversation is made of, in the same order, without a word of it. */
export async function readSkeleton(db: Database, conversationId: string) {
  return db
    .select({
      id: messages.id,
      role: messages.role,
      parentId: messages.parentId,
      side: messages.side,
      attempt: messages.attempt,
      status: messages.status,
      isEmpty: sql<boolean>`${messages.content} = ''`,
    })
    .from(messages)
    .where(eq(messages.conversationId, conversationId))
    .orderBy(...inOrder);
}

/** Texts by message. */
export async function readContents(
  db: Database,
  ids: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  if (ids.length === 0) return new Map();
  const rows = await db
    .select({ id: messages.id, content: messages.content })
    .from(messages)
    .where(inArray(messages.id, [...ids]));
  return new Map(rows.map(({ id, content }) => [id, content]));
}

export type Progress = { id: string; content: string; reasoning: string };

/**
 * Texts so far, each a sign of life too.
 *
 * @returns answers that are still being written, with whether their visitor wants them ended; one that is
 * missing was ended or deleted by way of another process.
 */
export async function saveProgress(
  db: Database,
  progress: readonly Progress[],
): Promise<Map<string, boolean>> {
  const soFar = progress.map(
    (it) => sql`(${it.id}::uuid, ${it.content}::text, ${it.reasoning}::text)`,
  );
  const rows = await db.execute<{ id: string; stop_requested: boolean }>(sql`
    update messages set content = so_far.content, reasoning = so_far.reasoning, updated_at = now()
    from (values ${sql.join(soFar, sql`, `)}) as so_far (id, content, reasoning)
    where messages.id = so_far.id and messages.status = 'streaming'
    returning messages.id, messages.stop_requested`);
  return new Map(rows.map((row) => [row.id, row.stop_requested]));
}

/** Like `saveProgress`, of answers without news; `isDue` writes a sign of life. */
export async function watchAnswers(
  db: Database,
  ids: readonly string[],
  { isDue }: { isDue: boolean },
): Promise<Map<string, boolean>> {
  const isRunning = and(inArray(messages.id, [...ids]), eq(messages.status, "streaming"));
  const asked = { id: messages.id, stopRequested: messages.stopRequested };
  const rows = isDue
    ? await db.update(messages).set({ updatedAt: sql`now()` }).where(isRunning).returning(asked)
    : await db.select(asked).from(messages).where(isRunning);
  return new Map(rows.map((row) => [row.id, row.stopRequested]));
}

/** Asks whichever process writes them to end these answers, or all of the conversation. Returns how many are being written. */
export async function requestStop(
  db: Database,
  by: { conversationId: string; answerId?: string | undefined },
): Promise<number> {
  const rows = await db
    .update(messages)
    .set({ stopRequested: true })
    .where(
      and(
        eq(messages.conversationId, by.conversationId),
        eq(messages.status, "streaming"),
        by.answerId === undefined ? undefined : eq(messages.id, by.answerId),
      ),
    )
    .returning({ id: messages.id });
  return rows.length;
}

/** Another model takes the place of the one that failed; nothing of the answer was said yet. */
export async function replaceAnswerModel(
  db: Database,
  { id, modelId }: { id: string; modelId: string },
): Promise<boolean> {
  const rows = await db
    .update(messages)
    .set({ modelId })
    .where(and(eq(messages.id, id), eq(messages.status, "streaming"), eq(messages.content, "")))
    .returning({ id: messages.id });
  return rows.length > 0;
}

/**
 * Writes the end of an answer, unless another end was written before.
 *
 * @returns what stands; undefined where its conversation was deleted meanwhile.
 */
export async function finishAnswer(
  db: Database,
  id: string,
  end: AnswerEnd & { content: string; reasoning: string },
): Promise<MessageRow | undefined> {
  await db
    .update(messages)
    .set({ ...end, updatedAt: sql`now()` })
    .where(and(eq(messages.id, id), eq(messages.status, "streaming")));
  return (await readMessagesById(db, [id]))[0];
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
    .select({
      ...{ id: models.id, name: models.name, description: models.description },
      isRetired: sql<boolean>`${models.retiredAt} is not null`,
      isHidden: isHiddenName(models.name),
    })
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

/** What models say of themselves, by id. */
export async function readDescriptions(
  db: Database,
  ids: readonly string[],
): Promise<ReadonlyMap<string, unknown>> {
  const rows = await db
    .select({ id: models.id, description: models.description })
    .from(models)
    .where(inArray(models.id, [...ids]));
  return new Map(rows.map(({ id, description }) => [id, description]));
}
