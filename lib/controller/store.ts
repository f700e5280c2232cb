import { and, eq, inArray, lt, ne, notInArray, or, sql } from "drizzle-orm";
import type { Database } from "@/lib/db/client";
import { models } from "@/lib/db/schema/models";
import { type WORKER_STATES, workerModels, workers } from "@/lib/db/schema/workers";
import { WORKER_GONE_SHOWN_MS, WORKER_STALE_AFTER_MS } from "@/lib/limits";
import type { RegisterBody, WorkerLoad } from "@/lib/protocol/registration";
import type { ModelOffer } from "@/lib/protocol/worker-card";
import { createId } from "@/lib/util/id";

/** Every SQL statement of the controller. The database's clock is the one clock of all rows. */

export type WorkerState = (typeof WORKER_STATES)[number];

const AWAKE: WorkerState[] = ["ready", "draining"];

const silentMs = sql<number>`extract(epoch from (now() - ${workers.lastHeartbeatAt})) * 1000`
  .mapWith(Number)
  .as("silent_ms");

const longerSilentThan = (ms: number) =>
  lt(workers.lastHeartbeatAt, sql`now() - make_interval(secs => ${ms / 1000})`);

/** Workers awake by their rows, and those that went lately; with the milliseconds since their last beat. */
export function readWorkers(db: Database) {
  return db
    .select({
      id: workers.id,
      instanceId: workers.instanceId,
      kind: workers.kind,
      name: workers.name,
      version: workers.version,
      address: workers.address,
      slots: workers.slots,
      waitingMax: workers.waitingMax,
      state: workers.state,
      load: workers.load,
      registeredAt: workers.registeredAt,
      lastHeartbeatAt: workers.lastHeartbeatAt,
      silentMs,
    })
    .from(workers)
    .where(or(inArray(workers.state, AWAKE), sql`not ${longerSilentThan(WORKER_GONE_SHOWN_MS)}`))
    .orderBy(workers.registeredAt, workers.id);
}

/** What the workers of `workerIds` offer. */
export async function readOffers(db: Database, workerIds: string[]) {
  if (workerIds.length === 0) return [];
  return db
    .select({
      workerId: workerModels.workerId,
      modelId: workerModels.modelId,
      build: workerModels.build,
      contextLength: workerModels.contextLength,
      features: workerModels.features,
    })
    .from(workerModels)
    .where(inArray(workerModels.workerId, workerIds));
}

/** Every model that was ever offered. */
export function readModels(db: Database) {
  return db
    .select({
      id: models.id,
      name: models.name,
      description: models.description,
      createdAt: models.createdAt,
    })
    .from(models)
    .orderBy(models.name);
}

/** Writes a life of a worker, or refreshes the row it already has. */
export async function upsertWorker(db: Database, body: RegisterBody): Promise<string> {
  const { card, load } = body;
  const said = {
    kind: card.kind,
    name: card.name,
    version: card.version,
    address: body.address,
    slots: card.slots,
    waitingMax: card.waitingMax,
    state: load.state,
    load,
  };
  const [row] = await db
    .insert(workers)
    .values({ id: createId(), instanceId: body.instanceId, ...said })
    .onConflictDoUpdate({
      target: workers.instanceId,
      set: { ...said, lastHeartbeatAt: sql`now()` },
    })
    .returning({ id: workers.id });
  if (row === undefined) throw new Error("An upsert returned no row.");
  return row.id;
}

/** An address serves one life at a time: whoever had it before is gone. */
export async function closeOlderLives(db: Database, address: string, workerId: string) {
  await db
    .update(workers)
    .set({ state: "left" })
    .where(and(eq(workers.address, address), ne(workers.id, workerId), ne(workers.state, "left")));
}

/** The models' ids by name; what the latest worker says of a model is what is known of it. */
export async function upsertModels(
  db: Database,
  offers: ModelOffer[],
): Promise<Map<string, string>> {
  const rows = await db
    .insert(models)
    .values(
      // In the order of names, so that two registrations cannot hold each other's rows.
      offers
        .toSorted((one, other) => (one.name < other.name ? -1 : 1))
        .map(({ name, description }) => ({ id: createId(), name, description })),
    )
    .onConflictDoUpdate({
      target: models.name,
      set: { description: sql`excluded.description`, updatedAt: sql`now()` },
    })
    .returning({ id: models.id, name: models.name });
  return new Map(rows.map(({ id, name }) => [name, id]));
}

export type WorkerModelRow = typeof workerModels.$inferInsert;

export async function replaceOffers(db: Database, workerId: string, rows: WorkerModelRow[]) {
  await db.delete(workerModels).where(eq(workerModels.workerId, workerId));
  await db.insert(workerModels).values(rows);
}

/** Whether the beat found its worker, awake by its row. */
export async function writeHeartbeat(
  db: Database,
  beat: { workerId: string; instanceId: string; load: WorkerLoad },
): Promise<boolean> {
  const rows = await db
    .update(workers)
    .set({ lastHeartbeatAt: sql`now()`, load: beat.load, state: beat.load.state })
    .where(
      and(
        eq(workers.id, beat.workerId),
        eq(workers.instanceId, beat.instanceId),
        inArray(workers.state, AWAKE),
      ),
    )
    .returning({ id: workers.id });
  return rows.length > 0;
}

/** Whether there was such a worker. */
export async function writeLeave(db: Database, workerId: string): Promise<boolean> {
  const rows = await db
    .update(workers)
    .set({ state: "left" })
    .where(eq(workers.id, workerId))
    .returning({ id: workers.id });
  return rows.length > 0;
}

/** Marks as lost who fell silent, save those heard by other means, and says whom; with `ids`, only among them. */
export function markLostWorkers(
  db: Database,
  { heardIds = [], ids }: { heardIds?: string[]; ids?: string[] },
) {
  return db
    .update(workers)
    .set({ state: "lost" })
    .where(
      and(
        inArray(workers.state, AWAKE),
        longerSilentThan(WORKER_STALE_AFTER_MS),
        heardIds.length > 0 ? notInArray(workers.id, heardIds) : undefined,
        ids && inArray(workers.id, ids),
      ),
    )
    .returning({ id: workers.id, name: workers.name });
}

/** When the newest migration was written that this database has; undefined when it has none. */
export async function findNewestMigrationMs(db: Database): Promise<number | undefined> {
  const [table] = await db.execute(sql`select to_regclass('drizzle.__drizzle_migrations') as name`);
  if (table?.name == null) return undefined;
  const [row] = await db.execute(
    sql`select max(created_at)::float8 as newest from drizzle.__drizzle_migrations`,
  );
  return typeof row?.newest === "number" ? row.newest : undefined;
}
