import { sql } from "drizzle-orm";
import { boolean, check, jsonb, pgTable, text } from "drizzle-orm/pg-core";
import { momentColumn } from "./columns";

/** What an operator says of a model, by its name, whether or not a worker offers it at the moment. */
export const modelSettings = pgTable("model_settings", {
  model: text().primaryKey(),
  /** protocol/catalog.ts, modelDefaultsSchema: parameters for requests that name none. */
  defaults: jsonb().notNull(),
  /** protocol/catalog.ts, priceSchema, of zeros where nothing is charged; null: as its worker says. */
  price: jsonb(),
  /** protocol/api-key.ts, limitsSchema, over all callers. */
  limits: jsonb().notNull(),
  /** Models that answer where this one cannot, in order. */
  fallbacks: text().array().notNull(),
  /** protocol/dispatch.ts: how its worker is chosen; null: by the default of this installation. */
  dispatch: text(),
  /** protocol/operator-card.ts, operatorCardSchema: what is told of it in place of what its worker tells. */
  card: jsonb().notNull().default({}),
  /** Whether people may choose it by its name on the pages, and programs ask for it. Battles: by the arena's rules. */
  isDirect: boolean().notNull().default(true),
  isApi: boolean().notNull().default(true),
  updatedAt: momentColumn().notNull().defaultNow(),
});

/** A name for a model, or for several by weight. */
export const modelAliases = pgTable(
  "model_aliases",
  {
    name: text().primaryKey(),
    /** protocol/catalog.ts, aliasSchema without its name. */
    definition: jsonb().notNull(),
    /** protocol/catalog.ts, rollbackSchema: a target that was taken out by itself, and why. */
    rollback: jsonb(),
    createdAt: momentColumn().notNull().defaultNow(),
    updatedAt: momentColumn().notNull().defaultNow(),
  },
  (table) => [check("model_aliases_name", sql`${table.name} <> ''`)],
);
