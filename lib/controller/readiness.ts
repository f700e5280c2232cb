import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import * as z from "zod";
import { type Database, database } from "@/lib/db/client";
import { READY_CHECK_MS_MAX } from "@/lib/limits";
import { findNewestMigrationMs } from "./store";

export type Missing = { what: "database" | "migrations"; cause?: unknown };

const journalSchema = z.object({ entries: z.array(z.object({ when: z.number() })).min(1) });

/** What this process still lacks to serve: a database that answers, with the schema this build expects. */
export async function findMissing(
  connect: () => Database = database,
  folder = join(/* turbopackIgnore: true */ process.cwd(), "drizzle"),
): Promise<Missing | undefined> {
  try {
    const journal = journalSchema.parse(
      JSON.parse(await readFile(join(folder, "meta/_journal.json"), "utf8")),
    );
    const expected = Math.max(...journal.entries.map((entry) => entry.when));
    const newest = await Promise.race([
      findNewestMigrationMs(connect()),
      delay(READY_CHECK_MS_MAX, "silent" as const, { ref: false }),
    ]);
    if (newest === "silent") return { what: "database" };
    return newest !== undefined && newest >= expected ? undefined : { what: "migrations" };
  } catch (cause) {
    return { what: "database", cause };
  }
}
