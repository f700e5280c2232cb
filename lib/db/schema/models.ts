import { jsonb, pgTable, text } from "drizzle-orm/pg-core";
import { idColumn, momentColumn } from "./columns";

/** A model that was ever offered. Rows stay when workers go, since answers and votes point here. */
export const models = pgTable("models", {
  id: idColumn(),
  name: text().notNull().unique(),
  /** What the last worker that offered it said: protocol/worker-card.ts, modelDescriptionSchema. */
  description: jsonb().notNull(),
  /** The same of its price, so that it outlives the worker: protocol/catalog.ts, priceSchema; null: not told. */
  price: jsonb(),
  /** An operator took it off the boards: its battles are over, and votes on it are kept and not counted. */
  withdrawnAt: momentColumn(),
  /** Nobody has offered it for long, or an operator said so; it is no longer drawn for battles and keeps its place on the boards. */
  retiredAt: momentColumn(),
  /** When a worker offered it last. */
  lastOfferedAt: momentColumn(),
  createdAt: momentColumn().notNull().defaultNow(),
  updatedAt: momentColumn().notNull().defaultNow(),
});
