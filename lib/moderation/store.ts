import { and, count, eq, ne } from "drizzle-orm";
import type { Database } from "@/lib/db/client";
import { reviews } from "@/lib/db/schema/arena";

/** SQL about what visitors bring before an operator: prompts that were held back and answers they reported. */

export async function createReview(
  db: Database,
  row: Pick<typeof reviews.$inferInsert, "kind" | "visitorId" | "conversationId" | "evidence">,
): Promise<void> {
  await db.insert(reviews).values(row);
}

/** Those that a visitor's own doing opened, and nobody has decided; their votes are looked at beside. */
export async function countOpenReviews(db: Database, visitorId: string): Promise<number> {
  const [row] = await db
    .select({ count: count() })
    .from(reviews)
    .where(
      and(eq(reviews.visitorId, visitorId), eq(reviews.state, "open"), ne(reviews.kind, "anomaly")),
    );
  return row?.count ?? 0;
}
