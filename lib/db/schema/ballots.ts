import { sql } from "drizzle-orm";
import {
  boolean,
  check,
  customType,
  doublePrecision,
  index,
  integer,
  jsonb,
  pgTable,
  text,
  uuid,
} from "drizzle-orm/pg-core";
import { VOTE_OUTCOMES } from "./battles";
import { idColumn, momentColumn } from "./columns";
import { models } from "./models";

const transactionId = customType<{ data: string; driverData: string }>({
  dataType: () => "xid8",
});

/** Why a blind vote is kept and not counted. */
export const UNCOUNTED_REASONS = [
  ...(["nothing-to-read", "too-early", "identity-leak", "repeated-prompt", "too-many"] as const),
  ...(["flagged-visitor", "excluded-visitor", "withdrawn-model"] as const),
] as const;

/**
 * What ratings are made of: a row for each blind vote. It holds no text and no identity and points at
 * nothing that a visitor may delete, so that boards stay what they were when conversations go.
 */
export const ballots = pgTable(
  "ballots",
  {
    /** The vote's own. */
    id: idColumn(),
    /** visitors.voter. */
    voter: uuid().notNull(),
    modelAId: uuid()
      .notNull()
      .references(() => models.id),
    modelBId: uuid()
      .notNull()
      .references(() => models.id),
    outcome: text({ enum: VOTE_OUTCOMES }).notNull(),
    /** battles.pair_probability of the moment of the vote. */
    pairProbability: doublePrecision().notNull(),
    /** Turns of the battle until then, the voted one included. */
    turn: integer().notNull(),
    counted: boolean().notNull(),
    uncountedReason: text({ enum: UNCOUNTED_REASONS }),
    /** BCP 47 primary language of the prompt where it could be told. */
    language: text(),
    /** Numbers about both answers and marks of the prompt, for style control and categories; no words of it. */
    facts: jsonb().notNull().default({}),
    /** Categories that a model read from the prompt (`npx parley leaderboard label`); null: none was asked. */
    labels: text().array(),
    /**
     * The transaction that wrote or changed the row last, kept by a trigger. Whoever has read all rows of
     * transactions before `pg_snapshot_xmin` finds every later change by it, in whatever order they ended;
     * a number from a sequence or a time would miss those that end late.
     */
    changedIn: transactionId().notNull().default(sql`pg_current_xact_id()`),
    createdAt: momentColumn().notNull().defaultNow(),
  },
  (table) => [
    index("ballots_by_change").on(table.changedIn),
    check("ballots_outcome", sql`${table.outcome} in ('a', 'b', 'tie', 'both-bad')`),
    check("ballots_two_models", sql`${table.modelAId} <> ${table.modelBId}`),
    check(
      "ballots_probability",
      sql`${table.pairProbability} > 0 and ${table.pairProbability} <= 1`,
    ),
    check("ballots_counted", sql`${table.counted} = (${table.uncountedReason} is null)`),
    index("ballots_counted_at").on(table.createdAt).where(sql`${table.counted}`),
    // What others said of two models is read with each reveal, and of many with each test of a visitor's votes.
    index("ballots_by_models").on(table.modelAId, table.modelBId).where(sql`${table.counted}`),
    index("ballots_by_model_b").on(table.modelBId).where(sql`${table.counted}`),
    index("ballots_by_voter").on(table.voter, table.createdAt),
  ],
);

/** What was done to boards and to whom it applies, for everybody to read. */
export const publicLog = pgTable(
  "public_log",
  {
    id: idColumn(),
    kind: text({
      enum: [
        "visitor-excluded",
        "visitor-restored",
        "model-withdrawn",
        "model-restored",
        "rules-changed",
        "board-published",
        "board-removed",
        "votes-imported",
      ],
    }).notNull(),
    /** A sentence for people; no name of a visitor, no words of theirs. */
    message: text().notNull(),
    /** Votes that no longer count by it, count again, or were moved in. */
    ballots: integer().notNull(),
    createdAt: momentColumn().notNull().defaultNow(),
  },
  (table) => [
    check(
      "public_log_kind",
      sql`${table.kind} in ('visitor-excluded', 'visitor-restored', 'model-withdrawn', 'model-restored', 'rules-changed', 'board-published', 'board-removed', 'votes-imported')`,
    ),
  ],
);
