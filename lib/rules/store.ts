import { and, desc, eq, inArray, or, sql } from "drizzle-orm";
import type { Database } from "@/lib/db/client";
import { arenaSettings } from "@/lib/db/schema/arena";
import { ballots, publicLog } from "@/lib/db/schema/ballots";
import { models } from "@/lib/db/schema/models";
import { assert } from "@/lib/util/assert";

/** SQL about the rules of the arena. */

/** Any number that no other lock of this database uses. */
const RULES_LOCK = 0x7275_6c65;

/** Holds other changes off until the transaction ends. */
export async function lockSettings(db: Database): Promise<void> {
  await db.execute(sql`select pg_advisory_xact_lock(${RULES_LOCK})`);
}

export async function findNewestSettings(db: Database) {
  const [row] = await readSettings(db, 1);
  return row;
}

/** The newest first. */
export async function readSettings(db: Database, limit: number) {
  return db
    .select()
    .from(arenaSettings)
    .orderBy(desc(arenaSettings.createdAt), desc(arenaSettings.id))
    .limit(limit);
}

/** Returns the row's id. */
export async function createSettings(db: Database, settings: unknown): Promise<string> {
  const [row] = await db
    .insert(arenaSettings)
    // Not the transaction's moment: it may have waited for another change since.
    .values({ settings, createdAt: sql`clock_timestamp()` })
    .returning({ id: arenaSettings.id });
  assert(row !== undefined, "an insert returns its row");
  return row.id;
}

/** Of those that some worker has offered; a rule may be about one that is yet to come. */
export async function findModelIds(db: Database, names: readonly string[]): Promise<string[]> {
  if (names.length === 0) return [];
  const rows = await db
    .select({ id: models.id })
    .from(models)
    .where(inArray(models.name, [...names]));
  return rows.map(({ id }) => id);
}

/** Says in public that a model is named from now on, and how many counted votes it brings along. */
export async function createNamedEntry(db: Database, model: string): Promise<void> {
  const isIts = or(eq(ballots.modelAId, models.id), eq(ballots.modelBId, models.id));
  const [row] = await db
    .select({ count: sql<number>`count(*)`.mapWith(Number) })
    .from(ballots)
    .innerJoin(models, isIts)
    .where(and(eq(models.name, model), eq(ballots.counted, true)));
  const count = row?.count ?? 0;
  await db.insert(publicLog).values({
    kind: "rules-changed",
    message: `Until now ${model} was in battles and named nowhere else. From now on it is on the board, with the ${count} ${count === 1 ? "vote" : "votes"} that it got meanwhile.`,
    ballots: count,
  });
}

/** Says in public that rules changed by which boards are made. */
export async function createRulesEntry(db: Database, subjects: readonly string[]): Promise<void> {
  await db.insert(publicLog).values({
    kind: "rules-changed",
    message: `Whoever keeps this arena changed its rules: ${subjects.join("; ")}. Votes cast before stay as they were judged.`,
    ballots: 0,
  });
}
