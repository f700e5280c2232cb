import { and, count, desc, eq, inArray, or } from "drizzle-orm";
import { alias } from "drizzle-orm/pg-core";
import type { Database } from "@/lib/db/client";
import { ballots } from "@/lib/db/schema/ballots";
import { battles, votes } from "@/lib/db/schema/battles";
import { conversations, visitors } from "@/lib/db/schema/conversations";
import { models } from "@/lib/db/schema/models";
import { ratingEntries, ratingSnapshots } from "@/lib/db/schema/ratings";
import type { VoteBody } from "@/lib/protocol/arena-view";
import { assert } from "@/lib/util/assert";

export type BattleModel = { id: string; name: string; description: unknown };
export type BattleRow = {
  id: string;
  conversationId: string;
  visitorId: string;
  a: BattleModel;
  b: BattleModel;
};

export async function createBattleRow(
  db: Database,
  row: Omit<typeof battles.$inferInsert, "id" | "createdAt">,
): Promise<string> {
  const [created] = await db.insert(battles).values(row).returning({ id: battles.id });
  assert(created !== undefined, "an insert returns its row");
  return created.id;
}

const modelA = alias(models, "model_a");
const modelB = alias(models, "model_b");
const toModel = (table: typeof modelA | typeof modelB) => ({
  id: table.id,
  name: table.name,
  description: table.description,
});

/** The visitor's own battle; another's is as good as none. */
export async function findBattle(
  db: Database,
  by: { id: string; visitorId: string },
): Promise<BattleRow | undefined> {
  const [row] = await db
    .select({
      id: battles.id,
      conversationId: battles.conversationId,
      visitorId: conversations.visitorId,
      a: toModel(modelA),
      b: toModel(modelB),
    })
    .from(battles)
    .innerJoin(conversations, eq(conversations.id, battles.conversationId))
    .innerJoin(modelA, eq(modelA.id, battles.modelAId))
    .innerJoin(modelB, eq(modelB.id, battles.modelBId))
    .where(and(eq(battles.id, by.id), eq(conversations.visitorId, by.visitorId)));
  return row;
}

export async function findBlindVote(db: Database, battleId: string): Promise<VoteBody | undefined> {
  const [row] = await db
    .select({
      outcome: votes.outcome,
      answerAId: votes.answerAId,
      answerBId: votes.answerBId,
    })
    .from(votes)
    .where(and(eq(votes.battleId, battleId), votes.blind));
  return row;
}

/** The vote that opens a battle, and its ballot: what ratings know of it. */
export async function createBlindVote(
  db: Database,
  battle: BattleRow,
  { turn, ...vote }: VoteBody & { turn: number },
): Promise<void> {
  const { id: battleId, conversationId, visitorId } = battle;
  const [created] = await db
    .insert(votes)
    .values({ ...vote, battleId, conversationId, visitorId, blind: true })
    .returning({ id: votes.id });
  assert(created !== undefined, "an insert returns its row");
  const [row] = await db
    .select({ pairProbability: battles.pairProbability, voter: visitors.voter })
    .from(battles)
    .innerJoin(visitors, eq(visitors.id, visitorId))
    .where(eq(battles.id, battleId));
  assert(row !== undefined && row.pairProbability !== null, "a blind battle was drawn");
  const { pairProbability, voter } = row;
  const [modelAId, modelBId] = [battle.a.id, battle.b.id];
  const { outcome } = vote;
  await db.insert(ballots).values({
    ...{ id: created.id, voter, modelAId, modelBId, outcome, pairProbability, turn },
    counted: true,
  });
}

/** Counted votes on two models, whichever side each took, seen from the first. */
export async function readPairTally(db: Database, first: string, second: string) {
  const rows = await db
    .select({ modelAId: ballots.modelAId, outcome: ballots.outcome, count: count() })
    .from(ballots)
    .where(
      and(
        ballots.counted,
        or(
          and(eq(ballots.modelAId, first), eq(ballots.modelBId, second)),
          and(eq(ballots.modelAId, second), eq(ballots.modelBId, first)),
        ),
      ),
    )
    .groupBy(ballots.modelAId, ballots.outcome);
  const tally = { votes: 0, a: 0, b: 0, tie: 0 };
  for (const { modelAId, outcome, count } of rows) {
    tally.votes += count;
    if (outcome === "tie" || outcome === "both-bad") tally.tie += count;
    else if ((outcome === "a") === (modelAId === first)) tally.a += count;
    else tally.b += count;
  }
  return tally;
}

/** Where models stand on the newest board. */
export async function readStandings(db: Database, modelIds: readonly string[]) {
  const newest = db
    .select({ id: ratingSnapshots.id })
    .from(ratingSnapshots)
    .orderBy(desc(ratingSnapshots.createdAt), desc(ratingSnapshots.id))
    .limit(1);
  return db
    .select({
      modelId: ratingEntries.modelId,
      status: ratingEntries.status,
      rating: ratingEntries.rating,
      rank: ratingEntries.rank,
    })
    .from(ratingEntries)
    .where(
      and(inArray(ratingEntries.snapshotId, newest), inArray(ratingEntries.modelId, [...modelIds])),
    );
}
