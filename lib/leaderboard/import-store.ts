import { inArray, sql } from "drizzle-orm";
import type { Database } from "@/lib/db/client";
import { ballots, publicLog } from "@/lib/db/schema/ballots";
import { models } from "@/lib/db/schema/models";
import { enterLedger } from "@/lib/ledger/enter-ledger";
import { createId } from "@/lib/util/id";
import type { ImportedBallot } from "./imported-votes";

/** SQL of votes that are moved in. */

export type KnownId = { id: string; name: string; isWithdrawn: boolean };

export async function readModelIds(db: Database, names: readonly string[]): Promise<KnownId[]> {
  return db
    .select({
      id: models.id,
      name: models.name,
      isWithdrawn: sql<boolean>`${models.withdrawnAt} is not null`,
    })
    .from(models)
    .where(
      sql`${models.name} in (select jsonb_array_elements_text(${JSON.stringify(names)}::text::jsonb))`,
    );
}

/**
 * Models of which nothing is known but votes, which their ledgers say. Names that somebody else writes meanwhile
 * stay theirs.
 */
export async function createModels(db: Database, names: readonly string[]): Promise<void> {
  if (names.length === 0) return;
  await db.transaction(async (transaction) => {
    const rows = await transaction
      .insert(models)
      .values([...names].sort().map((name) => ({ id: createId(), name, description: {} })))
      .onConflictDoNothing()
      .returning({ id: models.id });
    const modelIds = rows.map(({ id }) => id);
    await enterLedger(transaction, { kind: "imported", modelIds, facts: { registers: 1 } });
  });
}

/**
 * Writes the ballots of a batch that are not there yet: one parameter, whatever the batch's size (40 ms for 2,000).
 *
 * @param modelIds by name; each of the batch's is there
 * @returns how many were written.
 */
export async function insertBallots(
  db: Database,
  batch: readonly ImportedBallot[],
  modelIds: ReadonlyMap<string, KnownId>,
): Promise<number> {
  const rows = batch.map(({ modelA, modelB, ...rest }) => {
    const [a, b] = [modelIds.get(modelA), modelIds.get(modelB)];
    const isWithdrawn = a?.isWithdrawn === true || b?.isWithdrawn === true;
    return { ...rest, a: a?.id, b: b?.id, uncounted: isWithdrawn ? "withdrawn-model" : null };
  });
  const written = await db.execute(sql`
    insert into ballots (id, voter, model_a_id, model_b_id, outcome, pair_probability, turn,
      counted, uncounted_reason, language, facts, labels, created_at)
    select id, voter, a, b, outcome, "pairProbability", turn, uncounted is null, uncounted, language, facts,
      case when jsonb_typeof(labels) = 'array' then array(select jsonb_array_elements_text(labels)) end,
      "createdAt"
    from jsonb_to_recordset(${JSON.stringify(rows)}::text::jsonb) as row(
      id uuid, voter uuid, a uuid, b uuid, outcome text, "pairProbability" float8, turn int, uncounted text,
      language text, facts jsonb, labels jsonb, "createdAt" timestamptz)
    on conflict (id) do nothing returning id`);
  return written.length;
}

/**
 * Says of the models, and to everybody, that votes were moved in. No first battles: those were elsewhere, and some day
 * these models may have one here.
 */
export async function enterImport(
  db: Database,
  { modelIds, votes }: { modelIds: readonly string[]; votes: number },
): Promise<void> {
  await db.transaction(async (transaction) => {
    await enterLedger(transaction, { kind: "imported", modelIds });
    await transaction.insert(publicLog).values({
      kind: "votes-imported",
      message: "Votes that were cast elsewhere were moved in. They count as those cast here.",
      ballots: votes,
    });
  });
}

/** How many of these are there. */
export async function countBallots(db: Database, ids: readonly string[]): Promise<number> {
  const rows = await db
    .select({ id: ballots.id })
    .from(ballots)
    .where(inArray(ballots.id, [...ids]));
  return rows.length;
}
