import { sql } from "drizzle-orm";
import { check, integer, jsonb, pgTable, primaryKey, text, uuid } from "drizzle-orm/pg-core";
import { idColumn, momentColumn } from "./columns";
import { models } from "./models";

export const WORKER_STATES = ["ready", "draining", "lost", "left"] as const;

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
    slots: integer().notNull(),
    waitingMax: integer().notNull(),
    state: text({ enum: WORKER_STATES }).notNull(),
    /** Last reported load: protocol/registration.ts, workerLoadSchema. */
    load: jsonb().notNull(),
    registeredAt: momentColumn().notNull().defaultNow(),
    lastHeartbeatAt: momentColumn().notNull().defaultNow(),
  },
  (table) => [
    check("workers_state", sql`${table.state} in ('ready', 'draining', 'lost', 'left')`),
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
  },
  (table) => [
    primaryKey({ columns: [table.workerId, table.modelId] }),
    check("worker_models_context", sql`${table.contextLength} > 0`),
  ],
);
