import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as z from "zod";
import { connect } from "./connect";

const journalSchema = z.object({ entries: z.array(z.object({ when: z.number() })) });

export type MigrationState = {
  /** Migrations of this version that the database lacks. */
  missing: number;
  /** It has been brought further than this version knows. */
  isNewer: boolean;
};

/**
 * How far the database at `url` has been brought, without changing anything there.
 *
 * @param folder The migrations of this version.
 * @throws Error of the driver where nobody answers.
 */
export async function readMigrationState(url: string, folder: string): Promise<MigrationState> {
  const text = readFileSync(join(folder, "meta/_journal.json"), "utf8");
  const wanted = journalSchema.parse(JSON.parse(text)).entries.map(({ when }) => when);
  const sql = connect(url, { connectionsMax: 1 });
  try {
    const [table] = await sql`select to_regclass('drizzle.__drizzle_migrations') as name`;
    if (table?.name == null) return { missing: wanted.length, isNewer: false };
    const rows =
      await sql`select max(created_at)::float8 as newest from drizzle.__drizzle_migrations`;
    const newest = Number(rows[0]?.newest ?? 0);
    const last = Math.max(0, ...wanted);
    return { missing: wanted.filter((it) => it > newest).length, isNewer: newest > last };
  } finally {
    await sql.end({ timeout: 0 });
  }
}
