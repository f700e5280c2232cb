import { sql } from "drizzle-orm";
import {
  check,
  foreignKey,
  index,
  integer,
  jsonb,
  pgTable,
  primaryKey,
  text,
  uniqueIndex,
  uuid,
} from "drizzle-orm/pg-core";
import { idColumn, momentColumn } from "./columns";
import { conversations, messages, visitors } from "./conversations";

/** The rules of the game, a row for each time an operator changed them: the newest holds, the others are their history. */
export const arenaSettings = pgTable("arena_settings", {
  id: idColumn(),
  /** protocol/arena-settings.ts. */
  settings: jsonb().notNull(),
  createdAt: momentColumn().notNull().defaultNow(),
});

/** What the visitor of a chat says of an answer. */
export const marks = pgTable(
  "marks",
  {
    messageId: uuid()
      .notNull()
      .references(() => messages.id, { onDelete: "cascade" }),
    kind: text({ enum: ["up", "down", "flag"] }).notNull(),
    /** Their own words, for a flag. */
    note: text(),
    createdAt: momentColumn().notNull().defaultNow(),
  },
  (table) => [
    primaryKey({ columns: [table.messageId, table.kind] }),
    check("marks_kind", sql`${table.kind} in ('up', 'down', 'flag')`),
  ],
);

/** A conversation as its visitor made it public at one moment; what is said later is not in it. */
export const shares = pgTable(
  "shares",
  {
    /** 128 bits and more that cannot be guessed. */
    id: text().primaryKey(),
    conversationId: uuid().notNull(),
    visitorId: uuid().notNull(),
    /** protocol/share.ts, what the page shows; personal data is out of it already. */
    content: jsonb().notNull(),
    createdAt: momentColumn().notNull().defaultNow(),
    revokedAt: momentColumn(),
  },
  (table) => [
    foreignKey({
      name: "shares_owner",
      columns: [table.conversationId, table.visitorId],
      foreignColumns: [conversations.id, conversations.visitorId],
    }).onDelete("cascade"),
    index("shares_by_conversation").on(table.conversationId),
    index("shares_by_visitor").on(table.visitorId),
  ],
);

/** `anomaly`: votes unlike those of others. `moderation`: a prompt that was held back. `flag`: an answer that a visitor reported. */
export const REVIEW_KINDS = ["anomaly", "moderation", "flag"] as const;
export const REVIEW_STATES = ["open", "dismissed", "upheld"] as const;

/**
 * What limits on visitors are held against. Kept apart from what was said, so that who deletes their
 * conversations begins no new hour; rows go when no limit looks back as far.
 */
export const tallies = pgTable(
  "tallies",
  {
    /** `visitor:ID`, `network:HASH` or, as a keyed hash, `prompt:HASH`. */
    subject: text().notNull(),
    /** `battle`, `vote`, `call:MODEL` or, of a battle whose models are not told, `blind:MODEL`. */
    what: text().notNull(),
    /** The hour, of prompts the day, in UTC. */
    startsAt: momentColumn().notNull(),
    count: integer().notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.subject, table.startsAt, table.what] }),
    index("tallies_by_start").on(table.startsAt),
  ],
);

/** What waits for an operator's eyes. */
export const reviews = pgTable(
  "reviews",
  {
    id: idColumn(),
    kind: text({ enum: REVIEW_KINDS }).notNull(),
    state: text({ enum: REVIEW_STATES }).notNull().default("open"),
    /** Null once the visitor is gone. */
    visitorId: uuid().references(() => visitors.id, { onDelete: "set null" }),
    conversationId: uuid().references(() => conversations.id, { onDelete: "set null" }),
    messageId: uuid().references(() => messages.id, { onDelete: "set null" }),
    /** What speaks for it: figures of a test, rules that struck, the words in question. */
    evidence: jsonb().notNull(),
    createdAt: momentColumn().notNull().defaultNow(),
    decidedAt: momentColumn(),
  },
  (table) => [
    check("reviews_kind", sql`${table.kind} in ('anomaly', 'moderation', 'flag')`),
    check("reviews_state", sql`${table.state} in ('open', 'dismissed', 'upheld')`),
    index("reviews_by_state").on(table.state, table.createdAt),
    index("reviews_by_visitor").on(table.visitorId),
    index("reviews_by_conversation").on(table.conversationId),
    index("reviews_by_message").on(table.messageId),
    uniqueIndex("reviews_one_open_flag")
      .on(table.messageId)
      .where(sql`${table.kind} = 'flag' and ${table.state} = 'open'`),
    uniqueIndex("reviews_one_open_anomaly")
      .on(table.visitorId)
      .where(sql`${table.kind} = 'anomaly' and ${table.state} = 'open'`),
  ],
);
