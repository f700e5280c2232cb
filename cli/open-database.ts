import { type Database, openDatabase } from "@/lib/db/client";
import { env } from "@/lib/env";
import { toAppError } from "@/lib/errors";
import { StartError } from "@/lib/util/start-error";
import { getRunning } from "./running";

/**
 * The database of the environment, or of the platform that runs from this clone.
 *
 * @throws StartError when there is none.
 */
export function findDatabaseUrl(root: string): string {
  const url = env().DATABASE_URL ?? getRunning(root).databaseUrl;
  if (url !== undefined) return url;
  throw new StartError({
    message: "The database is still starting.",
    remedy: "Try again in a moment.",
  });
}

/**
 * Runs `work` on the database of the platform, and closes what was opened for it.
 *
 * @throws StartError when there is no database, or nobody answers there.
 */
export async function withDatabase<T>(
  root: string,
  work: (db: Database) => Promise<T>,
): Promise<T> {
  const { db, sql } = openDatabase(findDatabaseUrl(root), { connectionsMax: 2 });
  try {
    return await work(db);
  } catch (error) {
    if (lacksTables(error)) {
      throw new StartError({
        message: "The database lacks tables or columns of this version.",
        remedy:
          "If the platform is starting, try again in a moment; else run `npx parley db migrate`.",
        cause: error,
      });
    }
    if (toAppError(error).code !== "unavailable") throw error;
    throw new StartError({
      message: "The database does not answer.",
      remedy: "Start the platform with `npm start`, or correct DATABASE_URL.",
      cause: error,
    });
  } finally {
    // Whatever was asked has been answered, or never will be.
    await sql.end({ timeout: 0 });
  }
}

/** undefined_table and undefined_column (PostgreSQL, appendix A): nobody has migrated it, or not to here. */
const LACKING = new Set(["42P01", "42703"]);

function lacksTables(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return ("code" in error && LACKING.has(String(error.code))) || lacksTables(error.cause);
}
