import { count, eq } from "drizzle-orm";
import type { Database } from "@/lib/db/client";
import { ballots } from "@/lib/db/schema/ballots";
import type { Outcome } from "@/lib/rating/outcome";

/** How often one outcome was voted on one ordered pair of models, by their ids. */
export type VoteCount = { modelA: string; modelB: string; outcome: Outcome; count: number };

/** Counted votes by ordered pair of model ids and outcome: at most four rows a pair, however many votes. */
export async function readVoteCounts(db: Database): Promise<VoteCount[]> {
  return db
    .select({
      modelA: ballots.modelAId,
      modelB: ballots.modelBId,
      outcome: ballots.outcome,
      count: count(),
    })
    .from(ballots)
    .where(eq(ballots.counted, true))
    .groupBy(ballots.modelAId, ballots.modelBId, ballots.outcome)
    .orderBy(ballots.modelAId, ballots.modelBId, ballots.outcome);
}
