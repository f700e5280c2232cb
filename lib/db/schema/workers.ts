import { sql } from "drizzle-orm";
import {
  bigint,
  boolean,
  check,
  integer,
  jsonb,
  pgTable,
  primaryKey,
  text,
  unique,
  uuid,
} from "drizzle-orm/pg-core";
import { idColumn, momentColumn } from "./columns";
import { models } from "./models";

export const WORKER_STATES = ["starting", "ready", "draining", "lost", "left"] as const;
/** What an operator has ordered: no new requests, or to be gone. */
export const WORKER_ORDERS = ["drain", "leave"] as const;

/**
 * Tokens that let in one worker each, or one group of them, so that one that leaks is revoked without
 * changing the secret that all others share. Kept as hashes, like API keys.
 */
export const workerTokens = pgTable("worker_tokens", {
  id: idColumn(),
  name: text().notNull(),
  /** SHA-256 of the token, hex. */
  hash: text().notNull().unique(),
  /** Its first characters, by which people tell tokens apart. */
  prefix: text().notNull(),
  /** Whether who holds it is also handed the keys of external providers (schema/providers.ts). */
  readsProviderKeys: boolean().notNull().default(false),
  createdAt: momentColumn().notNull().defaultNow(),
  revokedAt: momentColumn(),
});

/** This Parley among others, drawn once: a chain of them that closes is known by it. */
export const installation = pgTable(
  "installation",
  {
    id: idColumn(),
    /** Holds the table to one row. */
    isOnly: boolean().notNull().default(true),
  },
  (table) => [
    unique("installation_only").on(table.isOnly),
    check("installation_is_only", sql`${table.isOnly}`),
  ],
);

/** One life of a worker process. Rows stay after it, since answers name the worker that wrote them. */
export const workers = pgTable(
  "workers",
  {
    id: idColumn(),
    instanceId: uuid().notNull().unique(),
    kind: text().notNull(),
    name: text().notNull(),
    version: text().notNull(),
    address: text().notNull(),
    /** The machine it runs on, as it calls itself; null for what does not say. */
    host: text(),
    slots: integer().notNull(),
    waitingMax: integer().notNull(),
    state: text({ enum: WORKER_STATES }).notNull(),
    /** Last reported load: protocol/registration.ts, workerLoadSchema. */
    load: jsonb().notNull(),
    registeredAt: momentColumn().notNull().defaultNow(),
    lastHeartbeatAt: momentColumn().notNull().defaultNow(),
    /** False: it never beats, and is asked at its address whether it lives. */
    beats: boolean().notNull().default(true),
    order: text({ enum: WORKER_ORDERS }),
    /** Names of models that it is loading, while its state is `starting`. */
    starting: text().array().notNull().default(sql`'{}'`),
    /** Installations whose models it passes on, itself being one of them: see `installation`. */
    parleys: uuid().array().notNull().default(sql`'{}'`),
    /** By which token it registered; null: by the secret that all share. */
    tokenId: uuid().references(() => workerTokens.id),
  },
  (table) => [
    check(
      "workers_state",
      sql`${table.state} in ('starting', 'ready', 'draining', 'lost', 'left')`,
    ),
    check("workers_order", sql`${table.order} in ('drain', 'leave')`),
    check("workers_slots", sql`${table.slots} > 0 and ${table.waitingMax} >= 0`),
  ],
);

/** Which models a worker offers, and the build of each. */
export const workerModels = pgTable(
  "worker_models",
  {
    workerId: uuid()
      .notNull()
      .references(() => workers.id, { onDelete: "cascade" }),
    modelId: uuid()
      .notNull()
      .references(() => models.id),
    build: text().notNull(),
    contextLength: integer().notNull(),
    features: text().array().notNull(),
    /** protocol/request-fields.ts: what a request may ask of it; null: not told. */
    fields: text().array(),
    /** What the files that it serves take on its disk; null: not told, or no files. */
    diskBytes: bigint({ mode: "number" }),
    /** Its host loads it at the moment; whoever asks it waits. */
    isLoading: boolean().notNull().default(false),
  },
  (table) => [
    primaryKey({ columns: [table.workerId, table.modelId] }),
    check("worker_models_context", sql`${table.contextLength} > 0`),
  ],
);
