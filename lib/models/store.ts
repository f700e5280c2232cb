import { and, desc, eq, inArray, isNull, like, ne, or, sql } from "drizzle-orm";
import { toldOrganization } from "@/lib/catalog/store";
import type { Database } from "@/lib/db/client";
import { ballots } from "@/lib/db/schema/ballots";
import { boards, modelLedger } from "@/lib/db/schema/boards";
import { models } from "@/lib/db/schema/models";
import { workerModels, workers } from "@/lib/db/schema/workers";
import { WORKER_GONE_SHOWN_MS } from "@/lib/fleet-limits";
import { isLongAgo } from "@/lib/ledger/told";

/** SQL about the pages of models: what stands on stored boards of one of them, and its ledger. */

/** What the worker that offered it last said that it can do. */
export async function readLastFeatures(db: Database, modelId: string): Promise<string[]> {
  const [row] = await db
    .select({ features: workerModels.features })
    .from(workerModels)
    .innerJoin(workers, eq(workers.id, workerModels.workerId))
    .where(eq(workerModels.modelId, modelId))
    .orderBy(desc(workers.registeredAt))
    .limit(1);
  return row?.features ?? [];
}

/**
 * Where a model stands on each board of all times. Its entries are picked out by the database: boards of hundreds of
 * models are megabytes, of which a page needs a line each.
 */
export async function readPlaces(db: Database, modelId: string) {
  const entries = sql`jsonb_array_elements(${boards.body} -> 'entries')`;
  return db
    .select({
      key: boards.key,
      entry: sql<unknown>`(select entry from ${entries} as entry where entry ->> 'modelId' = ${modelId})`,
      models:
        sql<number>`(select count(*) from ${entries} as entry where entry ->> 'status' = 'rated')`
          .mapWith(Number)
          .as("models"),
    })
    .from(boards)
    .where(like(boards.key, "%@all"));
}

/** Votes of these models on a board, by id. */
export async function readBoardVotes(
  db: Database,
  key: string,
  modelIds: readonly string[],
): Promise<ReadonlyMap<string, number>> {
  if (modelIds.length === 0) return new Map();
  const ids = sql.join(
    modelIds.map((id) => sql`${id}`),
    sql`, `,
  );
  const rows = await db.execute(sql`
    select entry ->> 'modelId' as id, (entry ->> 'votes')::int as votes
    from ${boards}, jsonb_array_elements(body -> 'entries') as entry
    where key = ${key} and entry ->> 'modelId' in (${ids})`);
  return new Map(rows.map(({ id, votes }) => [String(id), Number(votes)]));
}

/** The newest first, without battles that are still to be told. */
export async function readLedger(db: Database, modelId: string) {
  return db
    .select({ kind: modelLedger.kind, facts: modelLedger.facts, at: modelLedger.createdAt })
    .from(modelLedger)
    .where(
      and(eq(modelLedger.modelId, modelId), or(ne(modelLedger.kind, "first-battle"), isLongAgo)),
    )
    .orderBy(desc(modelLedger.createdAt));
}

/** Models that say they are of an organization, and were in a battle that may be told; the newest first. */
export async function readVariants(db: Database, organization: string, limit: number) {
  return db
    .select({
      ...{ id: models.id, name: models.name, registeredAt: models.createdAt },
      ...{ withdrawnAt: models.withdrawnAt, retiredAt: models.retiredAt },
      firstBattleAt: modelLedger.createdAt,
    })
    .from(models)
    .innerJoin(
      modelLedger,
      and(eq(modelLedger.modelId, models.id), eq(modelLedger.kind, "first-battle"), isLongAgo),
    )
    .where(sql`lower(trim(${toldOrganization})) = ${organization.trim().toLowerCase()}`)
    .orderBy(desc(models.createdAt), desc(models.id))
    .limit(limit);
}

/** Counted votes on models that are on no board, without those of today and yesterday (UTC), by id: two indexes, over their own votes. */
export async function countVotes(
  db: Database,
  modelIds: readonly string[],
): Promise<ReadonlyMap<string, number>> {
  const counts = await Promise.all(
    modelIds.map(async (id) => {
      const [row] = await db
        .select({ count: sql<number>`count(*)`.mapWith(Number) })
        .from(ballots)
        .where(
          and(
            ballots.counted,
            sql`${ballots.createdAt} < date_trunc('day', now(), 'UTC') - interval '1 day'`,
            or(eq(ballots.modelAId, id), eq(ballots.modelBId, id)),
          ),
        );
      return [id, row?.count ?? 0] as const;
    }),
  );
  return new Map(counts);
}

/** Writes down that what workers offer now was offered now, at most so often. */
export async function touchOffered(db: Database, everySeconds: number): Promise<void> {
  const offered = db
    .select({ id: workerModels.modelId })
    .from(workerModels)
    .innerJoin(workers, eq(workers.id, workerModels.workerId))
    .where(inArray(workers.state, ["starting", "ready", "draining"]));
  await db
    .update(models)
    .set({ lastOfferedAt: sql`now()` })
    .where(
      and(
        inArray(models.id, offered),
        or(
          isNull(models.lastOfferedAt),
          sql`${models.lastOfferedAt} < now() - make_interval(secs => ${everySeconds})`,
        ),
      ),
    );
}

/** Every model that was ever offered, as its row has it. */
export async function readOfferedModels(db: Database) {
  return db
    .select({
      ...{ name: models.name, description: models.description, retiredAt: models.retiredAt },
    })
    .from(models)
    .orderBy(models.name);
}

/** Who serves which model: workers that are alive by their rows and were heard lately, or are asked in place of beating. */
export async function readServers(db: Database) {
  return db
    .select({
      model: models.name,
      ...{ name: workers.name, host: workers.host, kind: workers.kind, state: workers.state },
      ...{ build: workerModels.build, contextLength: workerModels.contextLength },
      ...{ features: workerModels.features, fields: workerModels.fields },
      diskBytes: workerModels.diskBytes,
    })
    .from(workerModels)
    .innerJoin(workers, eq(workers.id, workerModels.workerId))
    .innerJoin(models, eq(models.id, workerModels.modelId))
    .where(
      and(
        inArray(workers.state, ["starting", "ready", "draining"]),
        sql`(not ${workers.beats} or ${workers.lastHeartbeatAt} > now() - make_interval(secs => ${WORKER_GONE_SHOWN_MS / 1000}))`,
      ),
    )
    .orderBy(workers.registeredAt, workers.id);
}

/** Every model by name, and since when it is retired. */
export async function readRetirements(db: Database) {
  return db
    .select({ model: models.name, retiredAt: models.retiredAt })
    .from(models)
    .orderBy(models.name);
}
