import { sql } from "drizzle-orm";
import {
  bigint,
  boolean,
  check,
  customType,
  date,
  doublePrecision,
  index,
  integer,
  jsonb,
  pgTable,
  primaryKey,
  text,
  uuid,
} from "drizzle-orm/pg-core";
import { idColumn, momentColumn } from "./columns";
import { models } from "./models";

const bytes = customType<{ data: Uint8Array; driverData: Buffer }>({
  dataType: () => "bytea",
  toDriver: (value) => Buffer.from(value),
});

/** The live boards, a row for each: a page reads one row, however many votes are in it. */
export const boards = pgTable("boards", {
  /** protocol/board-key.ts: category, language, style control, period. */
  key: text().primaryKey(),
  /** What made the numbers; another one makes every stored board out of date. */
  method: text().notNull(),
  voteCount: integer().notNull(),
  /** A hash of what was counted. */
  fingerprint: text().notNull(),
  /** protocol/board-view.ts, boardBodySchema: models by their ids, so that names and prices are those of today. */
  body: jsonb().notNull(),
  /** protocol/board-view.ts, pairTableSchema: read by the figures alone. */
  pairs: jsonb().notNull(),
  computedAt: momentColumn().notNull().defaultNow(),
  /** A board that nobody has asked for since is dropped some day; null: one that is always kept. */
  requestedAt: momentColumn(),
});

/** Ratings over time: where a model stood at the end of a day (UTC), of today as of now. */
export const boardDays = pgTable(
  "board_days",
  {
    key: text().notNull(),
    modelId: uuid()
      .notNull()
      .references(() => models.id),
    day: date({ mode: "string" }).notNull(),
    rating: doublePrecision().notNull(),
    lower: doublePrecision().notNull(),
    upper: doublePrecision().notNull(),
    rank: integer().notNull(),
    votes: integer().notNull(),
    /** Computed after the day, from votes up to it that were moved in later. */
    isLater: boolean().notNull().default(false),
  },
  (table) => [
    primaryKey({ columns: [table.key, table.modelId, table.day] }),
    index("board_days_by_day").on(table.key, table.day),
    check(
      "board_days_interval",
      sql`${table.lower} <= ${table.rating} and ${table.rating} <= ${table.upper} and abs(${table.rating}) < 1e6`,
    ),
  ],
);

/** Computations of boards, for their progress: the last some dozen. */
export const boardRuns = pgTable(
  "board_runs",
  {
    id: idColumn(),
    /** Keys that were asked for; null: all that are kept. */
    keys: text().array(),
    state: text({ enum: ["running", "done", "failed"] }).notNull(),
    boardsDone: integer().notNull().default(0),
    boardsTotal: integer().notNull(),
    error: text(),
    startedAt: momentColumn().notNull().defaultNow(),
    updatedAt: momentColumn().notNull().defaultNow(),
    endedAt: momentColumn(),
  },
  (table) => [
    check("board_runs_state", sql`${table.state} in ('running', 'done', 'failed')`),
    index("board_runs_by_start").on(table.startedAt),
  ],
);

/** The votes of a published board: lines of JSON without text and without identity, named by their hash. */
export const voteSnapshots = pgTable("vote_snapshots", {
  /** SHA-256 of the lines, hex. */
  hash: text().primaryKey(),
  voteCount: integer().notNull(),
  /** Of the lines, before they were compressed. */
  byteCount: bigint({ mode: "number" }).notNull(),
  createdAt: momentColumn().notNull().defaultNow(),
});

/** In parts, so that neither writing nor reading one holds all of it. */
export const voteSnapshotParts = pgTable(
  "vote_snapshot_parts",
  {
    hash: text()
      .notNull()
      .references(() => voteSnapshots.hash, { onDelete: "cascade" }),
    part: integer().notNull(),
    /** One gzip stream cut into pieces: as it stands it is a body that every client reads. */
    content: bytes().notNull(),
  },
  (table) => [primaryKey({ columns: [table.hash, table.part] })],
);

/** Boards that do not change any more, and that anyone can compute again. */
export const publishedBoards = pgTable(
  "published_boards",
  {
    /** In addresses; a few letters and figures. */
    id: text().primaryKey(),
    title: text().notNull(),
    /** protocol/board-key.ts. */
    key: text().notNull(),
    /** rating/rating-options.ts. */
    options: jsonb().notNull(),
    snapshotHash: text()
      .notNull()
      .references(() => voteSnapshots.hash),
    /** Version of the program, and a hash of what computes in it. */
    codeVersion: text().notNull(),
    /** The board as canonical JSON, byte for byte what computing it again gives. */
    body: text().notNull(),
    createdAt: momentColumn().notNull().defaultNow(),
  },
  (table) => [index("published_boards_by_creation").on(table.createdAt)],
);

/** Boards that are being published, and how that ended: the last some dozen. */
export const boardPublications = pgTable(
  "board_publications",
  {
    id: idColumn(),
    title: text().notNull(),
    /** protocol/board-key.ts. */
    key: text().notNull(),
    state: text({ enum: ["running", "done", "failed"] }).notNull(),
    /** Of all counted votes, those that were read; all of them: the board is being computed. */
    votesDone: integer().notNull().default(0),
    votesTotal: integer().notNull().default(0),
    /** What came of it; no reference, since a board may be removed again. */
    boardId: text(),
    error: text(),
    startedAt: momentColumn().notNull().defaultNow(),
    updatedAt: momentColumn().notNull().defaultNow(),
    endedAt: momentColumn(),
  },
  (table) => [
    check("board_publications_state", sql`${table.state} in ('running', 'done', 'failed')`),
    index("board_publications_by_start").on(table.startedAt),
  ],
);

/** How fast models were served here lately, from `usage_records`: medians. */
export const modelSpeeds = pgTable("model_speeds", {
  model: text().primaryKey(),
  firstTokenMs: doublePrecision(),
  tokensPerSecond: doublePrecision(),
  answers: integer().notNull(),
  computedAt: momentColumn().notNull().defaultNow(),
});

export const LEDGER_KINDS = [
  ...(["registered", "first-battle", "made-private", "made-public"] as const),
  ...(["withdrawn", "restored", "retired", "returned", "imported"] as const),
] as const;

/** What became of each model, private ones included. Rows are written once: the database refuses to change them. */
export const modelLedger = pgTable(
  "model_ledger",
  {
    id: idColumn(),
    modelId: uuid()
      .notNull()
      .references(() => models.id),
    kind: text({ enum: LEDGER_KINDS }).notNull(),
    /** Numbers of the moment, such as its votes. */
    facts: jsonb().notNull().default({}),
    createdAt: momentColumn().notNull().defaultNow(),
  },
  (table) => [
    check(
      "model_ledger_kind",
      sql`${table.kind} in ('registered', 'first-battle', 'made-private', 'made-public', 'withdrawn', 'restored', 'retired', 'returned', 'imported')`,
    ),
    index("model_ledger_by_model").on(table.modelId, table.createdAt),
  ],
);

/** Sums a day (UTC) that outlive what they were counted from. Numbers under the smallest group are not kept apart. */
export const siteDays = pgTable(
  "site_days",
  {
    day: date({ mode: "string" }).notNull(),
    /** `calls`, `votes`, `visitors`, `battles`, `language:de`, … */
    what: text().notNull(),
    count: integer().notNull(),
  },
  (table) => [primaryKey({ columns: [table.day, table.what] })],
);
