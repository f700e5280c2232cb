import { sql } from "drizzle-orm";
import {
  boolean,
  check,
  doublePrecision,
  foreignKey,
  index,
  jsonb,
  pgTable,
  text,
  unique,
  uniqueIndex,
  uuid,
} from "drizzle-orm/pg-core";
import { idColumn, momentColumn } from "./columns";
import { conversations, messages } from "./conversations";
import { models } from "./models";

/** How a pair was drawn: arena/sample-pair.ts. */
export const DRAW_METHODS = ["uniform", "weighted", "active"] as const;

/** A comparison: one conversation, two models, the sides they took and, of a blind one, how likely that draw was. */
export const battles = pgTable(
  "battles",
  {
    id: idColumn(),
    conversationId: uuid().notNull().unique(),
    conversationKind: text({ enum: ["battle", "compare"] }).notNull(),
    modelAId: uuid()
      .notNull()
      .references(() => models.id),
    modelBId: uuid()
      .notNull()
      .references(() => models.id),
    /**
     * Probability with which this ordered pair was drawn; ratings need it to weigh unequal draws (arXiv
     * 2403.04132, eq. 4). That of the pair as it stands: a reserve model's is its own. Null of a chosen pair.
     */
    pairProbability: doublePrecision(),
    drawMethod: text({ enum: DRAW_METHODS }),
    createdAt: momentColumn().notNull().defaultNow(),
  },
  (table) => [
    // Whoever chooses may set a model against itself.
    check(
      "battles_two_models",
      sql`${table.conversationKind} = 'compare' or ${table.modelAId} <> ${table.modelBId}`,
    ),
    check("battles_kind", sql`${table.conversationKind} in ('battle', 'compare')`),
    check(
      "battles_drawn",
      sql`(${table.conversationKind} = 'battle') = (${table.pairProbability} is not null) and (${table.pairProbability} is null) = (${table.drawMethod} is null)`,
    ),
    check("battles_draw_method", sql`${table.drawMethod} in ('uniform', 'weighted', 'active')`),
    check(
      "battles_probability",
      sql`${table.pairProbability} > 0 and ${table.pairProbability} <= 1`,
    ),
    foreignKey({
      name: "battles_conversation",
      columns: [table.conversationId, table.conversationKind],
      foreignColumns: [conversations.id, conversations.kind],
    }).onDelete("cascade"),
    unique("battles_id_conversation").on(table.id, table.conversationId),
  ],
);

export const VOTE_OUTCOMES = ["a", "b", "tie", "both-bad"] as const;

/**
 * A visitor's judgement of one turn. The foreign keys say what a vote needs: a battle, its own
 * visitor, and a settled answer on each side of that very conversation.
 */
export const votes = pgTable(
  "votes",
  {
    id: idColumn(),
    battleId: uuid().notNull(),
    conversationId: uuid().notNull(),
    visitorId: uuid().notNull(),
    answerAId: uuid().notNull(),
    answerBId: uuid().notNull(),
    sideA: text().generatedAlwaysAs(sql`'a'`),
    sideB: text().generatedAlwaysAs(sql`'b'`),
    answersSettled: boolean().generatedAlwaysAs(sql`true`),
    outcome: text({ enum: VOTE_OUTCOMES }).notNull(),
    /** Cast before the names were known: one a battle, and the one that `ballots` has a row of. */
    blind: boolean().notNull(),
    /** Words of protocol/arena-view.ts, VOTE_REASONS; never required. */
    reasons: text().array().notNull().default(sql`'{}'`),
    /** Where both models stood before it: what a reveal tells of the change. Null of a vote on names. */
    standings: jsonb(),
    createdAt: momentColumn().notNull().defaultNow(),
  },
  (table) => [
    check("votes_outcome", sql`${table.outcome} in ('a', 'b', 'tie', 'both-bad')`),
    foreignKey({
      name: "votes_battle",
      columns: [table.battleId, table.conversationId],
      foreignColumns: [battles.id, battles.conversationId],
    }).onDelete("cascade"),
    foreignKey({
      name: "votes_visitor",
      columns: [table.conversationId, table.visitorId],
      foreignColumns: [conversations.id, conversations.visitorId],
    }).onDelete("cascade"),
    foreignKey({
      name: "votes_answer_a",
      columns: [table.answerAId, table.conversationId, table.sideA, table.answersSettled],
      foreignColumns: [messages.id, messages.conversationId, messages.side, messages.settled],
    }).onDelete("cascade"),
    foreignKey({
      name: "votes_answer_b",
      columns: [table.answerBId, table.conversationId, table.sideB, table.answersSettled],
      foreignColumns: [messages.id, messages.conversationId, messages.side, messages.settled],
    }).onDelete("cascade"),
    uniqueIndex("votes_one_blind").on(table.battleId).where(sql`${table.blind}`),
    unique("votes_one_a_turn").on(table.answerAId, table.answerBId),
    index("votes_by_visitor").on(table.visitorId, table.createdAt),
    // A deleted conversation's rows are looked for by each of the keys above; without these, in all votes.
    index("votes_by_answer_b").on(table.answerBId),
    index("votes_by_battle").on(table.battleId),
    index("votes_by_conversation").on(table.conversationId),
  ],
);

/** A reserve model took a side before its first token: the failure is the first one's, in availability and not in rating. */
export const replacements = pgTable(
  "replacements",
  {
    id: idColumn(),
    battleId: uuid()
      .notNull()
      .references(() => battles.id, { onDelete: "cascade" }),
    side: text({ enum: ["a", "b"] }).notNull(),
    failedModelId: uuid()
      .notNull()
      .references(() => models.id),
    reserveModelId: uuid()
      .notNull()
      .references(() => models.id),
    /** lib/errors.ts, ErrorCode. */
    errorCode: text().notNull(),
    createdAt: momentColumn().notNull().defaultNow(),
  },
  (table) => [
    check("replacements_side", sql`${table.side} in ('a', 'b')`),
    index("replacements_by_model").on(table.failedModelId, table.createdAt),
    index("replacements_by_battle").on(table.battleId),
  ],
);
