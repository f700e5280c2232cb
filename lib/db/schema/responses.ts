import { sql } from "drizzle-orm";
import { boolean, check, index, jsonb, pgTable, text } from "drizzle-orm/pg-core";
import { momentColumn } from "./columns";

export const RESPONSE_STATUSES = [
  ...(["queued", "in_progress", "completed", "incomplete", "failed", "cancelled"] as const),
] as const;

/** Answers of the Responses API that were to be stored, each with what it answers. */
export const responses = pgTable(
  "responses",
  {
    /** `resp_` and 128 bits or more that cannot be guessed. */
    id: text().primaryKey(),
    /** auth/api-caller.ts, Owner: who may see it. */
    owner: text().notNull(),
    status: text({ enum: RESPONSE_STATUSES }).notNull(),
    /** The response object as the wire has it, without `output`. */
    body: jsonb().notNull(),
    /** The items of this request; those before it stand at the responses before it. */
    input: jsonb().notNull(),
    output: jsonb().notNull(),
    previousId: text(),
    isBackground: boolean().notNull(),
    /** Events so far of a streamed background response, for readers that come back. */
    events: jsonb().notNull().default([]),
    createdAt: momentColumn().notNull().defaultNow(),
    updatedAt: momentColumn().notNull().defaultNow(),
  },
  (table) => [
    check(
      "responses_status",
      sql`${table.status} in ('queued', 'in_progress', 'completed', 'incomplete', 'failed', 'cancelled')`,
    ),
    index("responses_by_owner").on(table.owner, table.createdAt),
    index("responses_by_age").on(table.createdAt),
    index("responses_open")
      .on(table.updatedAt)
      .where(sql`${table.status} in ('queued', 'in_progress')`),
  ],
);
