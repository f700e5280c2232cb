import { type SQL, sql } from "drizzle-orm";
import type PgBoss from "pg-boss";
import type { Database } from "@/lib/db/client";

/**
 * Our connections as pg-boss wants them, so that it opens none of its own. It may be a transaction: what is
 * sent in one exists when that commits.
 *
 * pg-boss sends some scripts with their own BEGIN and COMMIT, which postgres.js refuses on a pool (the next
 * statement may go to another connection, and one that failed would leave a transaction open): those run in
 * a transaction of ours.
 */
export function toJobDatabase(db: Database): PgBoss.Db {
  return {
    async executeSql(text, values = []) {
      try {
        const script = /^\s*BEGIN;([\s\S]*)COMMIT;\s*$/.exec(text)?.[1];
        if (script === undefined) return { rows: [...(await db.execute(toSql(text, values)))] };
        await db.transaction((transaction) => transaction.execute(sql.raw(script)));
        return { rows: [] };
      } catch (error) {
        // It reads the server's own words, which are the cause of the one that quotes the statement.
        throw error instanceof Error && error.cause instanceof Error ? error.cause : error;
      }
    },
  };
}

function toSql(text: string, values: readonly unknown[]): SQL {
  // Split at `$1`, `$2`, …: numbers stand at the odd places.
  const parts = text
    .split(/\$(\d+)/)
    .map((part, place) =>
      place % 2 === 0 ? sql.raw(part) : sql.param(toDriver(values[Number(part) - 1])),
    );
  return sql.join(parts);
}

/** Objects are columns of JSON; arrays are arrays; what is missing is null. */
function toDriver(value: unknown): unknown {
  if (value === undefined || value === null) return null;
  const isPlain = typeof value === "object" && !Array.isArray(value) && !(value instanceof Date);
  return isPlain ? JSON.stringify(value) : value;
}

/** Whether the server refused a row because there is one like it. */
export function isDuplicate(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "23505";
}
