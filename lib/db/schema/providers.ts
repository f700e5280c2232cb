import { sql } from "drizzle-orm";
import { boolean, check, index, jsonb, pgTable, text, uuid } from "drizzle-orm/pg-core";
import { idColumn, momentColumn } from "./columns";

/** What opens an external provider's door, encrypted: lib/providers/seal.ts. A key that is deleted is gone. */
export const providerKeys = pgTable("provider_keys", {
  id: idColumn(),
  /** By which people tell keys apart. */
  name: text().notNull().unique(),
  /** protocol/provider-table.ts, PROVIDER_NAMES; a part of what is sealed. */
  provider: text().notNull(),
  sealed: text().notNull(),
  createdAt: momentColumn().notNull().defaultNow(),
  /** When the secret in it was last replaced. */
  updatedAt: momentColumn().notNull().defaultNow(),
});

/** A model of an external provider, as an operator entered it. */
export const externalModels = pgTable(
  "external_models",
  {
    id: idColumn(),
    /** That of its entry. */
    name: text().notNull().unique(),
    /** protocol/model-entry.ts, modelEntrySchema: no key, at most the name of a variable that holds one. */
    entry: jsonb().notNull(),
    /** Null: the worker reads its key from variables. */
    keyId: uuid().references(() => providerKeys.id),
    isEnabled: boolean().notNull().default(true),
    /** Why it cannot be served, as its worker told last (protocol/external-models.ts, MODEL_PROBLEMS), and in a sentence. */
    problem: text(),
    problemText: text(),
    createdAt: momentColumn().notNull().defaultNow(),
    updatedAt: momentColumn().notNull().defaultNow(),
  },
  (table) => [
    index("external_models_key").on(table.keyId),
    check(
      "external_models_problem",
      sql`(${table.problem} is null) = (${table.problemText} is null)`,
    ),
  ],
);
