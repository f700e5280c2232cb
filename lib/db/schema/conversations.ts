import { sql } from "drizzle-orm";
import {
  bigint,
  boolean,
  check,
  customType,
  doublePrecision,
  foreignKey,
  index,
  integer,
  jsonb,
  pgTable,
  text,
  unique,
  uniqueIndex,
  uuid,
} from "drizzle-orm/pg-core";
import { idColumn, momentColumn } from "./columns";
import { models } from "./models";
import { workers } from "./workers";

/** `excluded`: an operator's decision; what they vote is kept and not counted. */
export const VISITOR_STANDINGS = ["ok", "excluded"] as const;

/** Whoever holds a signed cookie. Nothing else is known of them. */
export const visitors = pgTable(
  "visitors",
  {
    id: idColumn(),
    /** Stands for them in `ballots`, which outlive them and so must not hold their own id. */
    voter: uuid().notNull().unique().defaultRandom(),
    standing: text({ enum: VISITOR_STANDINGS }).notNull().default("ok"),
    /** A keyed hash of the network they came from last (/24 or /64): never the address. */
    network: text(),
    /** Of the terms they agreed to last, and when. */
    termsVersion: text(),
    termsAt: momentColumn(),
    /** When they last showed that they are a person, where the operator asks for that. */
    humanAt: momentColumn(),
    createdAt: momentColumn().notNull().defaultNow(),
  },
  (table) => [check("visitors_standing", sql`${table.standing} in ('ok', 'excluded')`)],
);

/** `battle`: two models, blind. `compare`: two that were chosen. `chat`: one. */
export const CONVERSATION_KINDS = ["battle", "compare", "chat"] as const;

const searchColumn = customType<{ data: string }>({ dataType: () => "tsvector" });
/** Characters of a message that a search finds; Postgres' tsvector ends at 1 MiB. */
const SEARCHED_CHARACTERS_MAX = 100_000;

export const conversations = pgTable(
  "conversations",
  {
    id: idColumn(),
    visitorId: uuid()
      .notNull()
      .references(() => visitors.id),
    kind: text({ enum: CONVERSATION_KINDS }).notNull(),
    /** The one model of a direct chat; the two of a pair stand in `battles`. */
    modelId: uuid().references(() => models.id),
    /** What its visitor calls it; null: by its first prompt. */
    title: text(),
    /** protocol/arena-view.ts, conversationSettingsSchema: what the next turn is asked with. Never of a battle. */
    settings: jsonb().notNull().default({}),
    createdAt: momentColumn().notNull().defaultNow(),
    updatedAt: momentColumn().notNull().defaultNow(),
  },
  (table) => [
    check("conversations_kind", sql`${table.kind} in ('battle', 'compare', 'chat')`),
    check("conversations_model", sql`(${table.kind} = 'chat') = (${table.modelId} is not null)`),
    unique("conversations_owner").on(table.id, table.visitorId),
    unique("conversations_id_kind").on(table.id, table.kind),
    index("conversations_by_visitor").on(table.visitorId, table.updatedAt),
  ],
);

export const ANSWER_STATUSES = ["streaming", "complete", "stopped", "failed"] as const;
export const SIDES = ["a", "b"] as const;

/**
 * The turns of a conversation as a tree: an answer's parent is the prompt it answers, a prompt's parent
 * the answer (or, in a battle, the prompt) before it. Two answers to one prompt are siblings: the two
 * sides of a battle, or an answer and its regeneration. Every answer says what made it.
 */
export const messages = pgTable(
  "messages",
  {
    id: idColumn(),
    conversationId: uuid()
      .notNull()
      .references(() => conversations.id, { onDelete: "cascade" }),
    parentId: uuid(),
    role: text({ enum: ["user", "assistant"] }).notNull(),
    content: text().notNull().default(""),
    createdAt: momentColumn().notNull().defaultNow(),
    updatedAt: momentColumn().notNull().defaultNow(),
    /** Empty while an answer grows, so that its index is written once. */
    search: searchColumn().generatedAlwaysAs(
      sql.raw(
        `case when status is distinct from 'streaming' then to_tsvector('simple', left(content, ${SEARCHED_CHARACTERS_MAX})) end`,
      ),
    ),

    // Answers only, from here on.
    side: text({ enum: SIDES }),
    /** Which pair of answers to one prompt it is of: 0, and one more each time both are asked again. */
    attempt: integer().notNull().default(0),
    /** What the model thought before it answered; apart from the answer, and never told to a model again. */
    reasoning: text().notNull().default(""),
    /** Its visitor wants it ended; whichever process writes it looks here. */
    stopRequested: boolean().notNull().default(false),
    status: text({ enum: ANSWER_STATUSES }),
    modelId: uuid().references(() => models.id),
    modelBuild: text(),
    workerId: uuid().references(() => workers.id),
    /**
     * protocol/segment.ts: who wrote how much of it, where a second worker went on for a lost one; null where
     * one worker wrote it all.
     */
    segments: jsonb(),
    /** Temperature, top-p, the token limit and the system prompt that were in force. */
    parameters: jsonb(),
    /** Null also of an answer whose worker takes no seed. */
    seed: bigint({ mode: "number" }),
    promptTokens: integer(),
    completionTokens: integer(),
    /** Milliseconds from the request's arrival at the worker. */
    firstTokenMs: doublePrecision(),
    durationMs: doublePrecision(),
    finishReason: text({ enum: ["stop", "length"] }),
    /** lib/errors.ts, ErrorCode; with a message for people. */
    errorCode: text(),
    errorMessage: text(),
    /** Whether a vote may rest on this answer. */
    settled: boolean().generatedAlwaysAs(sql`coalesce(status in ('complete', 'stopped'), false)`),
  },
  (table) => [
    check("messages_role", sql`${table.role} in ('user', 'assistant')`),
    check("messages_side", sql`${table.side} is null or ${table.side} in ('a', 'b')`),
    check(
      "messages_status",
      sql`${table.status} is null or ${table.status} in ('streaming', 'complete', 'stopped', 'failed')`,
    ),
    check(
      "messages_answer",
      sql`(${table.role} = 'assistant') = (${table.status} is not null and ${table.modelId} is not null and ${table.parentId} is not null)`,
    ),
    check(
      "messages_prompt",
      sql`${table.role} = 'assistant' or (${table.side} is null and ${table.content} <> '')`,
    ),
    check(
      "messages_complete",
      sql`${table.status} is distinct from 'complete' or (${table.modelBuild} is not null and ${table.workerId} is not null and ${table.parameters} is not null and ${table.promptTokens} is not null and ${table.completionTokens} is not null and ${table.firstTokenMs} is not null and ${table.durationMs} is not null and ${table.finishReason} is not null)`,
    ),
    check(
      "messages_failed",
      sql`(${table.status} is not distinct from 'failed') = (${table.errorCode} is not null)`,
    ),
    unique("messages_votable").on(table.id, table.conversationId, table.side, table.settled),
    unique("messages_in_conversation").on(table.id, table.conversationId),
    foreignKey({
      name: "messages_parent_in_conversation",
      columns: [table.parentId, table.conversationId],
      foreignColumns: [table.id, table.conversationId],
    }),
    // A failed side may be tried again; otherwise each attempt at a prompt has one answer a side.
    uniqueIndex("messages_one_answer_a_side")
      .on(table.parentId, table.side, table.attempt)
      .where(sql`${table.side} is not null and ${table.status} <> 'failed'`),
    // Each deleted message is looked for among all parents; without this, in its whole conversation.
    index("messages_by_parent")
      .on(table.parentId, table.conversationId)
      .where(sql`${table.parentId} is not null`),
    index("messages_by_conversation").on(table.conversationId, table.id),
    index("messages_search").using("gin", table.search),
    index("messages_streaming").on(table.updatedAt).where(sql`${table.status} = 'streaming'`),
  ],
);
