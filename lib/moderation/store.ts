import type { Database } from "@/lib/db/client";
import { reviews } from "@/lib/db/schema/arena";

/** SQL about prompts that were held back. */

export async function createReview(
  db: Database,
  row: Pick<typeof reviews.$inferInsert, "kind" | "visitorId" | "conversationId" | "evidence">,
): Promise<void> {
  await db.insert(reviews).values(row);
}
