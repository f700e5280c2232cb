import type { Database } from "@/lib/db/client";
import { visitors } from "@/lib/db/schema/conversations";

/** Writes a visitor's row unless it is there: the first thing that must point at it calls this. */
export async function ensureVisitor(db: Database, id: string): Promise<void> {
  await db.insert(visitors).values({ id }).onConflictDoNothing();
}
