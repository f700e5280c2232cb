import { sql } from "drizzle-orm";
import { check, index, integer, jsonb, pgTable, primaryKey, text, uuid } from "drizzle-orm/pg-core";
import { idColumn, momentColumn } from "./columns";
import { messages } from "./conversations";

/** One sorting of battle prompts into topics; the newest one that has ended is shown. */
export const topicRuns = pgTable(
  "topic_runs",
  {
    id: idColumn(),
    /** What sorted them, with its version. */
    method: text().notNull(),
    /** Prompts that were sorted. */
    prompts: integer().notNull(),
    state: text({ enum: ["running", "done", "failed"] }).notNull(),
    error: text(),
    startedAt: momentColumn().notNull().defaultNow(),
    endedAt: momentColumn(),
  },
  (table) => [check("topic_runs_state", sql`${table.state} in ('running', 'done', 'failed')`)],
);

export const topics = pgTable(
  "topics",
  {
    id: idColumn(),
    runId: uuid()
      .notNull()
      .references(() => topicRuns.id, { onDelete: "cascade" }),
    /** Two levels: null of a topic at the top. */
    parentId: uuid(),
    name: text().notNull(),
    /** The words that set it apart, the strongest first. */
    terms: text().array().notNull(),
    prompts: integer().notNull(),
    votes: integer().notNull(),
    /** protocol/board-view.ts, boardBodySchema: its own small board; null where votes are too few. */
    board: jsonb(),
  },
  (table) => [index("topics_by_run").on(table.runId, table.prompts)],
);

/** Examples of a topic: only of conversations whose visitor agreed to publication, without personal data, and gone when they are. */
export const topicPrompts = pgTable(
  "topic_prompts",
  {
    topicId: uuid()
      .notNull()
      .references(() => topics.id, { onDelete: "cascade" }),
    messageId: uuid()
      .notNull()
      .references(() => messages.id, { onDelete: "cascade" }),
    /** Redacted. */
    text: text().notNull(),
    language: text(),
    /** The first is the most typical one. */
    place: integer().notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.topicId, table.messageId] }),
    index("topic_prompts_by_message").on(table.messageId),
  ],
);
