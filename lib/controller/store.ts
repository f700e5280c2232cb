import { and, eq, exists, inArray, isNull, ne, notExists, or, sql } from "drizzle-orm";
import { alias } from "drizzle-orm/pg-core";
import { announce } from "@/lib/db/change-feed";
import type { Database } from "@/lib/db/client";
import { models } from "@/lib/db/schema/models";
import {
  type WORKER_ORDERS,
  type WORKER_STATES,
  workerModels,
  workers,
  workerTokens,
} from "@/lib/db/schema/workers";
import { WORKER_GONE_SHOWN_MS } from "@/lib/fleet-limits";
import type { RegisterBody, WorkerLoad } from "@/lib/protocol/registration";
import { isHiddenName } from "@/lib/rules/hidden-names";
import { createId, isId } from "@/lib/util/id";

/**
 * Every SQL statement of the controller. Who was heard when is compared with what was read before and
 * never with a clock, so that a database's clock that is off, or is set, expires nobody.
 */

export type WorkerState = (typeof WORKER_STATES)[number];
export type WorkerOrder = (typeof WORKER_ORDERS)[number];

export const AWAKE: WorkerState[] = ["starting", "ready", "draining"];

const silentMs = sql<number>`extract(epoch from (now() - ${workers.lastHeartbeatAt})) * 1000`
  .mapWith(Number)
  .as("silent_ms");

/** The row's last beat to the microsecond, which a Date cannot hold: equal only for the same beat. */
const beat = sql<string>`${workers.lastHeartbeatAt}::text`.as("beat");

/** Workers awake by their rows, and those that went in the last `goneShownMs`; with the time since their last beat. */
export function readWorkers(db: Database, goneShownMs: number = WORKER_GONE_SHOWN_MS) {
  return db
    .select({
      id: workers.id,
      instanceId: workers.instanceId,
      kind: workers.kind,
      name: workers.name,
      version: workers.version,
      address: workers.address,
      host: workers.host,
      slots: workers.slots,
      waitingMax: workers.waitingMax,
      state: workers.state,
      load: workers.load,
      registeredAt: workers.registeredAt,
      lastHeartbeatAt: workers.lastHeartbeatAt,
      beats: workers.beats,
      order: workers.order,
      starting: workers.starting,
      parleys: workers.parleys,
      tokenId: workers.tokenId,
      tokenName: workerTokens.name,
      silentMs,
      beat,
    })
    .from(workers)
    .leftJoin(workerTokens, eq(workerTokens.id, workers.tokenId))
    .where(
      or(
        inArray(workers.state, AWAKE),
        sql`${workers.lastHeartbeatAt} > now() - make_interval(secs => ${goneShownMs / 1000})`,
      ),
    )
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
      fields: workerModels.fields,
      diskBytes: workerModels.diskBytes,
      isLoading: workerModels.isLoading,
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
      /** By the rules that hold in this very reading. */
      isHidden: isHiddenName(models.name),
    })
    .from(models)
    .orderBy(models.name);
}

/** Until the transaction ends, no other registration at this address goes on: two lives must see each other. */
export async function lockAddress(db: Database, address: string): Promise<void> {
  await db.execute(sql`select pg_advisory_xact_lock(hashtextextended(${address}, 0))`);
}

/** Other lives at an address that are awake by their rows. */
export function readLivesAt(db: Database, address: string, instanceId: string) {
  return db
    .select({ kind: workers.kind, state: workers.state, tokenId: workers.tokenId })
    .from(workers)
    .where(
      and(
        eq(workers.address, address),
        ne(workers.instanceId, instanceId),
        inArray(workers.state, AWAKE),
      ),
    );
}

/** How a worker registers: by which token, and whether it will beat. */
export type RegisteredBy = { tokenId: string | null; beats: boolean };

/**
 * Writes a life of a worker, or refreshes the row it already has.
 *
 * @returns undefined when the life belongs to a token other than the one that asks.
 */
export async function upsertWorker(
  db: Database,
  body: RegisterBody,
  { tokenId, beats }: RegisteredBy,
): Promise<{ id: string; order: WorkerOrder | null } | undefined> {
  const { card, load } = body;
  const said = {
    kind: card.kind,
    name: card.name,
    version: card.version,
    address: body.address,
    host: card.host ?? null,
    slots: card.slots,
    waitingMax: card.waitingMax,
    state: load.state,
    load,
    beats,
    starting: body.starting ?? [],
    parleys: card.parleys ?? [],
    tokenId,
  };
  const [row] = await db
    .insert(workers)
    .values({ id: createId(), instanceId: body.instanceId, ...said })
    .onConflictDoUpdate({
      target: workers.instanceId,
      // What never beats and is added again was wanted back by a person.
      set: { ...said, lastHeartbeatAt: sql`now()`, ...(beats ? {} : { order: null }) },
      // Who holds the secret of all may take over any life; a token, those that it began.
      ...(tokenId === null ? {} : { setWhere: eq(workers.tokenId, tokenId) }),
    })
    .returning({ id: workers.id, order: workers.order });
  return row;
}

/** The row of a life that has got beyond its loading, where who asks may take it over. */
export async function readGrownLife(
  db: Database,
  instanceId: string,
  { tokenId }: RegisteredBy,
): Promise<{ id: string; order: WorkerOrder | null } | undefined> {
  const isGrown = inArray(workers.state, ["ready", "draining"]);
  const [row] = await db
    .select({ id: workers.id, order: workers.order })
    .from(workers)
    .where(
      and(
        eq(workers.instanceId, instanceId),
        isGrown,
        tokenId === null ? undefined : eq(workers.tokenId, tokenId),
      ),
    );
  return row;
}

/** Whether a token lets workers in. It stays as it is until the transaction ends: revoking waits, and then sees the worker. */
export async function lockLiveToken(db: Database, tokenId: string): Promise<boolean> {
  const rows = await db
    .select({ id: workerTokens.id })
    .from(workerTokens)
    .where(and(eq(workerTokens.id, tokenId), isNull(workerTokens.revokedAt)))
    .for("share");
  return rows.length > 0;
}

/** An address serves one life at a time: whoever had it before is gone. */
export async function closeOlderLives(db: Database, address: string, workerId: string) {
  await db
    .update(workers)
    .set({ state: "left" })
    .where(and(eq(workers.address, address), ne(workers.id, workerId), ne(workers.state, "left")));
}

export type WorkerModelRow = typeof workerModels.$inferInsert;

export async function replaceOffers(db: Database, workerId: string, rows: WorkerModelRow[]) {
  await db.delete(workerModels).where(eq(workerModels.workerId, workerId));
  if (rows.length > 0) await db.insert(workerModels).values(rows);
}

const offersOf = (db: Database) =>
  db.select({ one: sql`1` }).from(workerModels).where(eq(workerModels.workerId, workers.id));

export type Beat = {
  workerId: string;
  instanceId: string;
  tokenId: string | null;
  load: WorkerLoad;
};

/**
 * What the row says after a beat; undefined when the worker is not awake by it, or is another token's, or is
 * ready without anything to offer, which a registration that came late may have left behind.
 */
export async function writeHeartbeat(
  db: Database,
  { workerId, instanceId, tokenId, load }: Beat,
): Promise<{ order: WorkerOrder | null; tokenId: string | null } | undefined> {
  const [row] = await db
    .update(workers)
    .set({ lastHeartbeatAt: sql`now()`, load, state: load.state, beats: true })
    .where(
      and(
        eq(workers.id, workerId),
        eq(workers.instanceId, instanceId),
        tokenId === null ? undefined : eq(workers.tokenId, tokenId),
        inArray(workers.state, AWAKE),
        load.state === "ready" ? exists(offersOf(db)) : undefined,
      ),
    )
    .returning({ order: workers.order, tokenId: workers.tokenId });
  return row;
}

/** Whether there was such a life. */
export async function writeLeave(
  db: Database,
  { workerId, instanceId, tokenId }: Omit<Beat, "load">,
): Promise<boolean> {
  const rows = await db
    .update(workers)
    .set({ state: "left" })
    .where(
      and(
        eq(workers.id, workerId),
        eq(workers.instanceId, instanceId),
        tokenId === null ? undefined : eq(workers.tokenId, tokenId),
      ),
    )
    .returning({ id: workers.id });
  if (rows.length > 0) await announce(db, "workers");
  return rows.length > 0;
}

/** A row as it was read: `beat` says which of its beats was the last. */
export type SeenRow = { id: string; beat: string };

/**
 * Marks as lost those of `seen` that have not been heard by anybody since they were read, and says whom.
 * Of several processes that come to the same, one writes.
 */
export async function markLostWorkers(db: Database, seen: readonly SeenRow[]) {
  if (seen.length === 0) return [];
  const lost = await db
    .update(workers)
    .set({ state: "lost" })
    .where(
      and(
        inArray(workers.state, AWAKE),
        or(
          ...seen.map(({ id, beat }) =>
            and(eq(workers.id, id), sql`${workers.lastHeartbeatAt} = ${beat}::timestamptz`),
          ),
        ),
      ),
    )
    .returning({ id: workers.id, name: workers.name });
  if (lost.length > 0) await announce(db, "workers");
  return lost;
}

/**
 * Writes down that a worker answered at its address, and with which state: it is heard, and back if it was
 * lost. The state of one that beats is else what it said itself. Nothing where another life has the
 * address by now.
 *
 * @returns whether its state changed.
 */
export async function writeAnswered(
  db: Database,
  { id, beats }: { id: string; beats: boolean },
  answered: WorkerLoad["state"],
): Promise<boolean> {
  const { state: said } = workers;
  const state = beats
    ? sql`case when ${said} = 'lost' then ${answered} else ${said} end`
    : answered;
  const before = alias(workers, "before");
  const other = alias(workers, "other");
  const rows = await db
    .update(workers)
    .set({ lastHeartbeatAt: sql`now()`, state })
    .from(before)
    .where(
      and(
        eq(workers.id, id),
        eq(before.id, workers.id),
        ne(workers.state, "left"),
        notExists(
          db
            .select({ one: sql`1` })
            .from(other)
            .where(
              and(
                eq(other.address, workers.address),
                ne(other.id, workers.id),
                inArray(other.state, AWAKE),
              ),
            ),
        ),
      ),
    )
    .returning({ isChanged: sql<boolean>`${before.state} <> ${workers.state}` });
  const isChanged = rows.some((row) => row.isChanged);
  if (isChanged) await announce(db, "workers");
  return isChanged;
}

/** Workers of the registry that `word` names: by id, name or address. Those that left are not there. */
export function readNamedWorkers(db: Database, word: string) {
  const named = [eq(workers.name, word), eq(workers.address, word)];
  if (isId(word)) named.push(eq(workers.id, word));
  return db
    .select({
      id: workers.id,
      name: workers.name,
      address: workers.address,
      state: workers.state,
      beats: workers.beats,
      order: workers.order,
      silentMs,
    })
    .from(workers)
    .where(and(or(...named), ne(workers.state, "left")))
    .orderBy(workers.registeredAt, workers.id);
}

/** Gives an order, or lifts it. A worker that does not beat cannot hear one: told to leave, it is gone. */
export async function writeOrder(
  db: Database,
  { id, order, isGone }: { id: string; order: WorkerOrder | null; isGone: boolean },
): Promise<boolean> {
  const rows = await db
    .update(workers)
    .set({ order, ...(isGone ? { state: "left" as const } : {}) })
    .where(and(eq(workers.id, id), ne(workers.state, "left")))
    .returning({ id: workers.id });
  if (rows.length > 0) await announce(db, "workers");
  return rows.length > 0;
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
