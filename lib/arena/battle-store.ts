import { and, asc, count, eq, or } from "drizzle-orm";
import { alias } from "drizzle-orm/pg-core";
import type { Database } from "@/lib/db/client";
import { ballots } from "@/lib/db/schema/ballots";
import { battles, type DRAW_METHODS, replacements, votes } from "@/lib/db/schema/battles";
import { models } from "@/lib/db/schema/models";
import { enterFirstBattles, rememberBattle } from "@/lib/ledger/first-battles";
import type { Side } from "@/lib/protocol/arena-view";
import type { PairVote, PairVoteBody, VoteReason } from "@/lib/protocol/conversation-view";
import { assert } from "@/lib/util/assert";
import { replaceAnswerModel } from "./store";

/** Pairs of models, drawn or chosen, and votes on them. */

export type PairModel = { id: string; name: string };
export type PairRow = { id: string; a: PairModel; b: PairModel; pairProbability: number | null };

export async function createPair(
  db: Database,
  row: Omit<typeof battles.$inferInsert, "id" | "createdAt">,
): Promise<void> {
  await db.insert(battles).values(row);
}

const modelA = alias(models, "model_a");
const modelB = alias(models, "model_b");
const toModel = (table: typeof modelA | typeof modelB) => ({ id: table.id, name: table.name });

/** Undefined once the conversation is deleted. */
export async function findPair(db: Database, conversationId: string): Promise<PairRow | undefined> {
  const [row] = await db
    .select({
      id: battles.id,
      pairProbability: battles.pairProbability,
      a: toModel(modelA),
      b: toModel(modelB),
    })
    .from(battles)
    .innerJoin(modelA, eq(modelA.id, battles.modelAId))
    .innerJoin(modelB, eq(modelB.id, battles.modelBId))
    .where(eq(battles.conversationId, conversationId));
  return row;
}

export type VoteRow = typeof votes.$inferSelect;

/** In the order they were cast. */
export async function readVotes(db: Database, battleId: string): Promise<VoteRow[]> {
  return db
    .select()
    .from(votes)
    .where(eq(votes.battleId, battleId))
    .orderBy(asc(votes.createdAt), asc(votes.id));
}

export function toPairVote({ outcome, answerAId, answerBId, blind, reasons }: VoteRow): PairVote {
  // Written by `saveReasons` alone, which takes nothing else.
  return { outcome, answerAId, answerBId, blind, reasons: reasons as VoteReason[] };
}

export async function createVote(
  db: Database,
  vote: Omit<typeof votes.$inferInsert, "id" | "createdAt">,
): Promise<string> {
  const [created] = await db.insert(votes).values(vote).returning({ id: votes.id });
  assert(created !== undefined, "an insert returns its row");
  return created.id;
}

/** Returns false where there is no such vote. */
export async function saveReasons(
  db: Database,
  vote: { battleId: string; reasons: VoteReason[] } & Pick<PairVoteBody, "answerAId" | "answerBId">,
): Promise<boolean> {
  const rows = await db
    .update(votes)
    .set({ reasons: vote.reasons })
    .where(
      and(
        eq(votes.battleId, vote.battleId),
        eq(votes.answerAId, vote.answerAId),
        eq(votes.answerBId, vote.answerBId),
      ),
    )
    .returning({ id: votes.id });
  return rows.length > 0;
}

export async function findBallot(db: Database, voteId: string) {
  const [row] = await db
    .select({ counted: ballots.counted, reason: ballots.uncountedReason })
    .from(ballots)
    .where(eq(ballots.id, voteId));
  return row;
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

/**
 * Puts a reserve model in the place of one that failed, with the probability of the pair as it then stands.
 *
 * @returns false where the other side was replaced meanwhile, or something of the answer was said or ended.
 */
export async function saveReplacement(
  db: Database,
  replacement: {
    battleId: string;
    side: Side;
    answerId: string;
    errorCode: string;
    failedModelId: string;
    reserveModelId: string;
    /** Beside whom it was drawn. */
    otherModelId: string;
    probability: number;
    method: (typeof DRAW_METHODS)[number];
  },
): Promise<boolean> {
  const { battleId, side, answerId, otherModelId, probability, method, ...row } = replacement;
  const other = side === "a" ? battles.modelBId : battles.modelAId;
  const isSaved = await db.transaction(async (transaction) => {
    const [standing] = await transaction
      .select({ other })
      .from(battles)
      .where(eq(battles.id, battleId))
      .for("update");
    if (standing?.other !== otherModelId) return false;
    const modelId = row.reserveModelId;
    const isReplaced = await replaceAnswerModel(transaction, { id: answerId, modelId });
    if (!isReplaced) return false;
    await transaction
      .update(battles)
      .set({
        ...(side === "a" ? { modelAId: modelId } : { modelBId: modelId }),
        ...{ pairProbability: probability, drawMethod: method },
      })
      .where(eq(battles.id, battleId));
    await transaction.insert(replacements).values({ ...row, battleId, side });
    await enterFirstBattles(transaction, [modelId]);
    return true;
  });
  if (isSaved) rememberBattle([row.reserveModelId]);
  return isSaved;
}
