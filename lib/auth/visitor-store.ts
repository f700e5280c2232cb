import { sql } from "drizzle-orm";
import type { Database } from "@/lib/db/client";
import { visitors } from "@/lib/db/schema/conversations";

/**
 * Writes a visitor's row unless it is there: the first thing that must point at it calls this.
 *
 * @param network auth/network.ts, where it is known: the last one stays
 */
export async function ensureVisitor(
  db: Database,
  id: string,
  network?: string | undefined,
): Promise<void> {
  const insert = db.insert(visitors).values({ id, network: network ?? null });
  if (network === undefined) await insert.onConflictDoNothing();
  else {
    await insert.onConflictDoUpdate({
      target: visitors.id,
      set: { network },
      // A row that says so already is not written again.
      setWhere: sql`${visitors.network} is distinct from ${network}`,
    });
  }
}
