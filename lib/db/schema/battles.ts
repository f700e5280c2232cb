import { sql } from "drizzle-orm";
import {
  boolean,
  check,
  doublePrecision,
  foreignKey,
  index,
  pgTable,
  text,
  unique,
  uniqueIndex,
  uuid,
} from "drizzle-orm/pg-core";
import { idColumn, momentColumn } from "./columns";
import { conversations, messages } from "./conversations";
import { models } from "./models";

/** A blind comparison: one conversation, two models, the sides they took and how likely that draw was. */
export const battles = pgTable(
  "battles",
  {
    id: idColumn(),
    conversationId: uuid().notNull().unique(),
    conversationKind: text().generatedAlwaysAs(sql`'battle'`),
    modelAId: uuid()
      .notNull()
      .references(() => models.id),
    modelBId: uuid()
      .notNull()
      .references(() => models.id),
    /** Probability with which this ordered pair was drawn; ratings need it to weigh unequal draws (arXiv 2403.04132, eq. 4). */
    pairProbability: doublePrecision().notNull(),
    createdAt: momentColumn().notNull().defaultNow(),
  },
  (table) => [
    check("battles_two_models", sql`${table.modelAId} <> ${table.modelBId}`),
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
    /** Whether ratings use it: the first vote of a battle, before the names were known. */
    counted: boolean().notNull(),
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
    uniqueIndex("votes_one_counted").on(table.battleId).where(sql`${table.counted}`),
    unique("votes_one_a_turn").on(table.answerAId, table.answerBId),
    index("votes_counted").on(table.createdAt).where(sql`${table.counted}`),
  ],
);
