import { and, desc, eq } from "drizzle-orm";
import type { Database } from "@/lib/db/client";
import { workers } from "@/lib/db/schema/workers";

/** SQL about FastChat's workers, which are known by their addresses: they have no name for a life of theirs. */

const LIFE = {
  id: workers.id,
  instanceId: workers.instanceId,
  address: workers.address,
  state: workers.state,
  order: workers.order,
  beats: workers.beats,
};

/** The last life at an address; undefined where there never was one. */
export async function findLastLife(db: Database, address: string) {
  const [row] = await db
    .select(LIFE)
    .from(workers)
    .where(and(eq(workers.kind, "fastchat"), eq(workers.address, address)))
    .orderBy(desc(workers.registeredAt))
    .limit(1);
  return row;
}
