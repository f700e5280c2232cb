import { sql } from "drizzle-orm";
import {
  bigint,
  check,
  date,
  doublePrecision,
  index,
  integer,
  jsonb,
  pgTable,
  primaryKey,
  real,
  text,
  uuid,
} from "drizzle-orm/pg-core";
import { idColumn, momentColumn } from "./columns";

/** Prices are whole nano-dollars a token ($1 a million tokens is 1,000), so that sums are exact. */
const nanoDollars = () => bigint({ mode: "number" }).notNull().default(0);
const count = () => bigint({ mode: "number" }).notNull().default(0);

/**
 * One request that a model was asked, aborted and failed ones included. Written as running while it
 * runs, so that a killed process loses half a second of it and no more. Holds no text.
 */
export const usageRecords = pgTable(
  "usage_records",
  {
    /** Also the answer's id on the wire. */
    id: idColumn(),
    requestId: text().notNull(),
    /** auth/api-caller.ts, Owner. */
    owner: text().notNull(),
    /** `/v1/chat/completions`, …; `arena` for answers on pages. */
    endpoint: text().notNull(),
    /** What the request said: a model, an alias or `auto`. */
    asked: text().notNull(),
    /** Who answered; null when nobody did. */
    model: text(),
    workerId: uuid(),
    /**
     * protocol/segment.ts: who wrote how much of it, where a second worker went on for a lost one; null where
     * one worker wrote it all.
     */
    segments: jsonb(),
    /** `running`, how it ended (`complete`, `cancelled`), an error code, or `lost` with its process. */
    outcome: text().notNull(),
    promptTokens: integer().notNull().default(0),
    cachedPromptTokens: integer().notNull().default(0),
    completionTokens: integer().notNull().default(0),
    costNanoDollars: nanoDollars(),
    firstTokenMs: doublePrecision(),
    durationMs: doublePrecision(),
    startedAt: momentColumn().notNull(),
    updatedAt: momentColumn().notNull(),
  },
  (table) => [
    index("usage_records_by_start").on(table.startedAt),
    index("usage_records_by_owner").on(table.owner, table.startedAt),
    index("usage_records_running").on(table.updatedAt).where(sql`${table.outcome} = 'running'`),
  ],
);

export const USAGE_PERIODS = ["minute", "day", "month"] as const;

/** What limits are held against, over all processes. Periods begin in UTC. */
export const usageWindows = pgTable(
  "usage_windows",
  {
    /** usage/subject.ts: a key, a model, or a model under a key. */
    subject: text().notNull(),
    period: text({ enum: USAGE_PERIODS }).notNull(),
    startsAt: momentColumn().notNull(),
    requests: count(),
    tokens: count(),
    costNanoDollars: nanoDollars(),
  },
  (table) => [
    primaryKey({ columns: [table.subject, table.period, table.startsAt] }),
    check("usage_windows_period", sql`${table.period} in ('minute', 'day', 'month')`),
  ],
);

/** Requests under way at each process, for limits on how many run at once. */
export const usageRunning = pgTable(
  "usage_running",
  {
    processId: uuid().notNull(),
    subject: text().notNull(),
    running: integer().notNull(),
    updatedAt: momentColumn().notNull().defaultNow(),
  },
  (table) => [primaryKey({ columns: [table.processId, table.subject] })],
);

/** Sums for people, kept for good. */
export const usageDays = pgTable(
  "usage_days",
  {
    day: date({ mode: "string" }).notNull(),
    owner: text().notNull(),
    /** Empty where no model answered. */
    model: text().notNull(),
    endpoint: text().notNull(),
    requests: count(),
    failed: count(),
    cancelled: count(),
    promptTokens: count(),
    cachedPromptTokens: count(),
    completionTokens: count(),
    costNanoDollars: nanoDollars(),
  },
  (table) => [primaryKey({ columns: [table.day, table.owner, table.model, table.endpoint] })],
);

/** What callers thought of answers. No vote: it never counts for a rating. */
export const feedback = pgTable(
  "feedback",
  {
    /** Of the usage record, which may be long gone. */
    answerId: uuid().notNull(),
    owner: text().notNull(),
    endpoint: text().notNull(),
    asked: text().notNull(),
    model: text(),
    /** -1 (bad) to 1 (good). */
    score: real().notNull(),
    comment: text(),
    tags: text().array().notNull(),
    createdAt: momentColumn().notNull().defaultNow(),
    updatedAt: momentColumn().notNull().defaultNow(),
  },
  (table) => [
    primaryKey({ columns: [table.answerId, table.owner] }),
    check("feedback_score", sql`${table.score} between -1 and 1`),
    index("feedback_by_model").on(table.model, table.createdAt),
  ],
);
