import { desc } from "drizzle-orm";
import type { Database } from "@/lib/db/client";
import { arenaSettings } from "@/lib/db/schema/arena";

/** SQL about the rules of the arena. */

export async function findNewestSettings(db: Database) {
  const [row] = await db
    .select()
    .from(arenaSettings)
    .orderBy(desc(arenaSettings.createdAt), desc(arenaSettings.id))
    .limit(1);
  return row;
}

export async function createSettings(db: Database, settings: unknown): Promise<void> {
  await db.insert(arenaSettings).values({ settings });
}
