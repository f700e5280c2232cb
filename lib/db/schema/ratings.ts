import { sql } from "drizzle-orm";
import {
  check,
  doublePrecision,
  integer,
  pgTable,
  primaryKey,
  text,
  uuid,
} from "drizzle-orm/pg-core";
import { idColumn, momentColumn } from "./columns";
import { models } from "./models";

/** One computation of the board from all counted votes of its moment. */
export const ratingSnapshots = pgTable("rating_snapshots", {
  id: idColumn(),
  method: text().notNull(),
  voteCount: integer().notNull(),
  /** A hash of what was counted: another one means that votes were taken out or put back, whatever their number. */
  fingerprint: text().notNull().default(""),
  createdAt: momentColumn().notNull().defaultNow(),
});

export const RATING_STATUSES = [
  "rated",
  "too-few-votes",
  "unbeaten",
  "winless",
  "unconnected",
] as const;

export const ratingEntries = pgTable(
  "rating_entries",
  {
    snapshotId: uuid()
      .notNull()
      .references(() => ratingSnapshots.id, { onDelete: "cascade" }),
    modelId: uuid()
      .notNull()
      .references(() => models.id),
    status: text({ enum: RATING_STATUSES }).notNull(),
    rating: doublePrecision(),
    lower: doublePrecision(),
    upper: doublePrecision(),
    rank: integer(),
    votes: integer().notNull(),
    wins: integer().notNull(),
    losses: integer().notNull(),
    ties: integer().notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.snapshotId, table.modelId] }),
    check(
      "rating_entries_rated",
      sql`(${table.status} = 'rated') = (${table.rating} is not null and ${table.lower} is not null and ${table.upper} is not null and ${table.rank} is not null)`,
    ),
    check(
      "rating_entries_interval",
      sql`${table.rating} is null or (${table.lower} <= ${table.rating} and ${table.rating} <= ${table.upper})`,
    ),
    check(
      "rating_entries_finite",
      sql`${table.rating} is null or (${table.rating} <> 'NaN' and abs(${table.rating}) < 1e6)`,
    ),
  ],
);
