import { drizzle, type PostgresJsDatabase } from "drizzle-orm/postgres-js";
import type postgres from "postgres";
import { env } from "@/lib/env";
import { processSingleton } from "@/lib/util/process-singleton";
import { type ConnectOptions, connect } from "./connect";
import * as apiKeys from "./schema/api-keys";
import * as battles from "./schema/battles";
import * as boards from "./schema/boards";
import * as catalog from "./schema/catalog";
import * as conversations from "./schema/conversations";
import * as models from "./schema/models";
import * as responses from "./schema/responses";
import * as usage from "./schema/usage";
import * as workers from "./schema/workers";

const schema = {
  ...{ ...apiKeys, ...battles, ...catalog, ...conversations, ...models },
  ...{ ...boards, ...responses, ...usage, ...workers },
};

/** What every store function takes; a transaction is one too. */
export type Database = PostgresJsDatabase<typeof schema>;

export type OpenDatabase = { db: Database; sql: postgres.Sql; close(): Promise<void> };

/** A pool of one's own. Nothing is connected before the first query. */
export function openDatabase(url: string, options: ConnectOptions = {}): OpenDatabase {
  const sql = connect(url, options);
  return {
    db: drizzle(sql, { schema, casing: "snake_case" }),
    sql,
    close: () => sql.end({ timeout: 5 }),
  };
}

/**
 * The pool of this process.
 *
 * @throws Error when DATABASE_URL is not set.
 */
export function database(): Database {
  return processSingleton("database", () => {
    const { PARLEY_DATABASE_CONNECTIONS_MAX: connectionsMax } = env();
    return openDatabase(databaseUrl(), { connectionsMax });
  }).db;
}

/** @throws Error when DATABASE_URL is not set. */
export function databaseUrl(): string {
  const url = env().DATABASE_URL;
  if (url === undefined) {
    throw new Error(
      "DATABASE_URL is not set. `npm start` sets it for the processes it starts; a process started by hand needs it in its environment.",
    );
  }
  return url;
}
