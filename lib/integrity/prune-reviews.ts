import { sql } from "drizzle-orm";
import { REVIEW_KEPT_DAYS, TALLY_PRUNE_BATCH_MAX } from "@/lib/arena-limits";
import type { Database } from "@/lib/db/client";
import { reviews } from "@/lib/db/schema/arena";

/**
 * Removes what was decided long ago of visitors' words. What was decided of votes holds figures alone, and
 * the test of votes goes by it.
 */
export async function pruneReviews(db: Database): Promise<void> {
  await db.execute(sql`
    delete from ${reviews} where id in (
      select id from ${reviews}
      where state <> 'open' and kind <> 'anomaly'
        and decided_at < now() - make_interval(days => ${REVIEW_KEPT_DAYS})
      limit ${TALLY_PRUNE_BATCH_MAX})`);
}
