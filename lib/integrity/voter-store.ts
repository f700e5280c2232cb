import { and, asc, count, desc, eq, exists, inArray, ne, or, sql } from "drizzle-orm";
import { alias } from "drizzle-orm/pg-core";
import type { Database } from "@/lib/db/client";
import { reviews } from "@/lib/db/schema/arena";
import { ballots } from "@/lib/db/schema/ballots";
import { visitors } from "@/lib/db/schema/conversations";
import { models } from "@/lib/db/schema/models";

/** SQL about a visitor's votes as the test of votes needs them. */

export type OwnBallot = Awaited<ReturnType<typeof readWindow>>[number];
export type PairCount = Awaited<ReturnType<typeof readOthersCounts>>[number];

/** Who votes: whether anything stands against them, how often they voted, and when a flag was last dismissed. */
export async function findVoter(db: Database, visitorId: string) {
  const own = eq(reviews.visitorId, visitors.id);
  const isAnomaly = eq(reviews.kind, "anomaly");
  const open = db
    .select({ one: sql`1` })
    .from(reviews)
    .where(and(own, isAnomaly, eq(reviews.state, "open")));
  const dismissed = db
    .select({ decidedAt: reviews.decidedAt })
    .from(reviews)
    .where(and(own, isAnomaly, eq(reviews.state, "dismissed")))
    .orderBy(desc(reviews.decidedAt))
    .limit(1);
  const votes = db
    .select({ votes: count() })
    .from(ballots)
    .where(eq(ballots.voter, visitors.voter));
  const [row] = await db
    .select({
      voter: visitors.voter,
      isExcluded: sql<boolean>`${visitors.standing} = 'excluded'`,
      isFlagged: sql<boolean>`${exists(open)}`,
      votes: sql`(${votes})`.mapWith(Number),
      dismissedAt: sql`(${dismissed})`.mapWith(reviews.decidedAt),
    })
    .from(visitors)
    .where(eq(visitors.id, visitorId));
  return row;
}

/** Some of a voter's ballots, counted or not, the earliest first. */
export async function readWindow(
  db: Database,
  window: { voter: string; skip: number; count: number },
) {
  const [modelA, modelB] = [alias(models, "model_a"), alias(models, "model_b")];
  return db
    .select({
      id: ballots.id,
      outcome: ballots.outcome,
      createdAt: ballots.createdAt,
      modelA: { id: modelA.id, name: modelA.name },
      modelB: { id: modelB.id, name: modelB.name },
    })
    .from(ballots)
    .innerJoin(modelA, eq(modelA.id, ballots.modelAId))
    .innerJoin(modelB, eq(modelB.id, ballots.modelBId))
    .where(eq(ballots.voter, window.voter))
    .orderBy(asc(ballots.createdAt), asc(ballots.id))
    .offset(window.skip)
    .limit(window.count);
}

/** What others' counted votes on those pairs came to, whichever side each model took. */
export async function readOthersCounts(
  db: Database,
  voter: string,
  own: readonly Pick<OwnBallot, "modelA" | "modelB">[],
) {
  const ids = [...new Set(own.flatMap(({ modelA, modelB }) => [modelA.id, modelB.id]))];
  if (ids.length === 0) return [];
  return db
    .select({
      modelAId: ballots.modelAId,
      modelBId: ballots.modelBId,
      outcome: ballots.outcome,
      count: count(),
    })
    .from(ballots)
    .where(
      and(
        ballots.counted,
        ne(ballots.voter, voter),
        or(inArray(ballots.modelAId, ids), inArray(ballots.modelBId, ids)),
      ),
    )
    .groupBy(ballots.modelAId, ballots.modelBId, ballots.outcome);
}

/** @returns whether it is new: one is open at a time. */
export async function openAnomalyReview(
  db: Database,
  visitorId: string,
  evidence: object,
): Promise<boolean> {
  const rows = await db
    .insert(reviews)
    .values({ kind: "anomaly", visitorId, evidence })
    .onConflictDoNothing()
    .returning({ id: reviews.id });
  return rows.length > 0;
}
