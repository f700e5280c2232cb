import { and, asc, eq, exists, inArray, isNotNull, ne, or, sql } from "drizzle-orm";
import type { Database } from "@/lib/db/client";
import { reviews } from "@/lib/db/schema/arena";
import { ballots } from "@/lib/db/schema/ballots";
import { battles } from "@/lib/db/schema/battles";
import { messages, visitors } from "@/lib/db/schema/conversations";
import { models } from "@/lib/db/schema/models";
import { assert } from "@/lib/util/assert";

/** SQL about the ballots of votes: what judges them, and their rows. */

export type BattleMessage = Awaited<ReturnType<typeof readBattleMessages>>[number];

/** All that was said in a battle, in order, and how long ago each answer was told to its end. */
export async function readBattleMessages(db: Database, conversationId: string) {
  return db
    .select({
      id: messages.id,
      parentId: messages.parentId,
      role: messages.role,
      side: messages.side,
      attempt: messages.attempt,
      settled: messages.settled,
      content: messages.content,
      completionTokens: messages.completionTokens,
      ageSeconds:
        sql<number>`extract(epoch from clock_timestamp() - ${messages.updatedAt})`.mapWith(Number),
    })
    .from(messages)
    .where(eq(messages.conversationId, conversationId))
    .orderBy(asc(messages.id));
}

/** Who votes on what: the voter, their standing, and the draw. */
export async function readVoteContext(
  db: Database,
  { visitorId, battleId }: { visitorId: string; battleId: string },
) {
  const flag = db
    .select({ one: sql`1` })
    .from(reviews)
    .where(
      and(
        eq(reviews.visitorId, visitors.id),
        eq(reviews.kind, "anomaly"),
        // One that was upheld says no less than one that waits.
        ne(reviews.state, "dismissed"),
      ),
    );
  const [row] = await db
    .select({
      voter: visitors.voter,
      isExcluded: sql<boolean>`${visitors.standing} = 'excluded'`,
      isFlagged: sql<boolean>`${exists(flag)}`,
      pairProbability: battles.pairProbability,
    })
    .from(visitors)
    .innerJoin(battles, eq(battles.id, battleId))
    .where(eq(visitors.id, visitorId));
  assert(row !== undefined, "a vote is a visitor's, on a battle");
  return row;
}

/**
 * What is said of models, by id, and whether they were taken off the boards. Until the transaction ends nobody
 * withdraws them: whoever does waits and then finds the ballot that was written meanwhile.
 */
export async function readModelsToVoteOn(db: Database, ids: readonly string[]) {
  return (
    db
      .select({
        id: models.id,
        description: models.description,
        isWithdrawn: sql<boolean>`${isNotNull(models.withdrawnAt)}`,
      })
      .from(models)
      .where(inArray(models.id, [...ids]))
      // As workers register them, so that neither holds what the other waits for.
      .orderBy(sql`${models.name} collate "C"`)
      .for("share")
  );
}

export async function insertBallot(db: Database, row: typeof ballots.$inferInsert): Promise<void> {
  await db.insert(ballots).values(row);
}

/** Names of models that an operator took off the boards, and of those that are retired. */
export async function readOut(db: Database): Promise<string[]> {
  const rows = await db
    .select({ name: models.name })
    .from(models)
    .where(or(isNotNull(models.withdrawnAt), isNotNull(models.retiredAt)));
  return rows.map(({ name }) => name);
}
