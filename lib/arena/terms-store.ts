import { and, eq, sql } from "drizzle-orm";
import type { Database } from "@/lib/db/client";
import { visitors } from "@/lib/db/schema/conversations";

/** The version that a visitor agreed to last; undefined for one who never did, or is not known yet. */
export async function findAgreedTerms(
  db: Database,
  visitorId: string,
): Promise<string | undefined> {
  const [row] = await db
    .select({ version: visitors.termsVersion })
    .from(visitors)
    .where(eq(visitors.id, visitorId));
  return row?.version ?? undefined;
}

/** The moment stays that of the first time. */
export async function saveAgreedTerms(
  db: Database,
  { visitorId, version }: { visitorId: string; version: string },
): Promise<void> {
  await db
    .update(visitors)
    .set({ termsVersion: version, termsAt: sql`now()` })
    .where(
      and(eq(visitors.id, visitorId), sql`${visitors.termsVersion} is distinct from ${version}`),
    );
}
