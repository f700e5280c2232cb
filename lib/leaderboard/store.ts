import { and, asc, count, desc, eq, gte, inArray, ne, sql } from "drizzle-orm";
import type { Database } from "@/lib/db/client";
import { ballots } from "@/lib/db/schema/ballots";
import { models } from "@/lib/db/schema/models";
import { ratingEntries, ratingSnapshots } from "@/lib/db/schema/ratings";
import type { BoardEntry, VoteCount } from "@/lib/rating/board";
import { assert } from "@/lib/util/assert";

/** Any number that no other lock of this database uses. */
const BOARD_LOCK = 0x626f_6172;

/** Holds other processes' computations off until the transaction ends. */
export async function lockBoard(db: Database): Promise<void> {
  await db.execute(sql`select pg_advisory_xact_lock(${BOARD_LOCK})`);
}

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

export type Snapshot = typeof ratingSnapshots.$inferSelect;

export async function findNewestSnapshot(db: Database): Promise<Snapshot | undefined> {
  const [row] = await db
    .select()
    .from(ratingSnapshots)
    .orderBy(desc(ratingSnapshots.createdAt), desc(ratingSnapshots.id))
    .limit(1);
  return row;
}

export async function createSnapshot(
  db: Database,
  board: {
    method: string;
    voteCount: number;
    fingerprint: string;
    entries: readonly BoardEntry[];
  },
): Promise<string> {
  const { entries, ...row } = board;
  const [created] = await db
    .insert(ratingSnapshots)
    // Not the transaction's moment: it may have waited for another computation since.
    .values({ ...row, createdAt: sql`clock_timestamp()` })
    .returning({ id: ratingSnapshots.id });
  assert(created !== undefined, "an insert returns its row");
  if (entries.length > 0) {
    await db.insert(ratingEntries).values(
      entries.map(({ model, ...entry }) => ({
        ...entry,
        modelId: model,
        snapshotId: created.id,
      })),
    );
  }
  return created.id;
}

/** Of the snapshots of a day (UTC) only the last stays: a history of the board that grows by one a day. */
export async function thinSnapshots(db: Database, newestId: string): Promise<void> {
  await db.delete(ratingSnapshots).where(
    and(
      ne(ratingSnapshots.id, newestId),
      // The day of the newest in UTC, whatever zone the connection speaks.
      gte(ratingSnapshots.createdAt, sql`date_trunc('day', clock_timestamp(), 'UTC')`),
    ),
  );
}

/** @param of these models alone; absent: of all */
export async function readEntries(db: Database, snapshotId: string, of?: readonly string[]) {
  return db
    .select({ entry: ratingEntries, model: models.name, description: models.description })
    .from(ratingEntries)
    .innerJoin(models, eq(models.id, ratingEntries.modelId))
    .where(
      and(eq(ratingEntries.snapshotId, snapshotId), of && inArray(ratingEntries.modelId, [...of])),
    );
}

export async function readModels(db: Database) {
  return db
    .select({ id: models.id, name: models.name, description: models.description })
    .from(models)
    .orderBy(asc(models.name));
}
