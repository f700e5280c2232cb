import { and, eq } from "drizzle-orm";
import type { Database } from "@/lib/db/client";
import { installation, workers } from "@/lib/db/schema/workers";

/** SQL about this Parley among others. */

export async function findInstallation(db: Database): Promise<string | undefined> {
  const [row] = await db.select({ id: installation.id }).from(installation);
  return row?.id;
}

/** Of several who draw at once the first one counts. */
export async function drawInstallation(db: Database, id: string): Promise<void> {
  await db.insert(installation).values({ id }).onConflictDoNothing();
}

/** A life is over, if there was such a one and who says so may: with a token only one that it began. */
export async function endLife(
  db: Database,
  { instanceId, tokenId }: { instanceId: string; tokenId: string | null },
): Promise<void> {
  await db
    .update(workers)
    .set({ state: "left" })
    .where(
      and(
        eq(workers.instanceId, instanceId),
        tokenId === null ? undefined : eq(workers.tokenId, tokenId),
      ),
    );
}
