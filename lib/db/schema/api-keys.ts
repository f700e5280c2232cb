import { sql } from "drizzle-orm";
import { check, index, jsonb, pgTable, text } from "drizzle-orm/pg-core";
import { idColumn, momentColumn } from "./columns";

/** Keys of the API. The key itself is shown once, when it is made, and stands nowhere. */
export const apiKeys = pgTable(
  "api_keys",
  {
    id: idColumn(),
    /** For people. */
    name: text().notNull(),
    /** How the key begins, by which its owner knows it again. */
    prefix: text().notNull(),
    /** SHA-256 of the key, hex. A key has 256 random bits, so a slow hash would protect nothing more. */
    hash: text().notNull().unique("api_keys_hash"),
    /** protocol/api-key.ts, API_SCOPES. */
    scopes: text().array().notNull(),
    /** Names of models and aliases that it may use; null for all. */
    models: text().array(),
    /** protocol/api-key.ts, keyLimitsSchema. */
    limits: jsonb().notNull(),
    expiresAt: momentColumn(),
    revokedAt: momentColumn(),
    createdAt: momentColumn().notNull().defaultNow(),
    /** To within a flush of usage. */
    lastUsedAt: momentColumn(),
  },
  (table) => [
    check("api_keys_name", sql`${table.name} <> ''`),
    index("api_keys_by_creation").on(table.createdAt),
  ],
);
