import { and, count, desc, eq, inArray, isNull, like, or, sql } from "drizzle-orm";
import { announce } from "@/lib/db/change-feed";
import type { Database } from "@/lib/db/client";
import { workers, workerTokens } from "@/lib/db/schema/workers";
import { AppError } from "@/lib/errors";
import { WORKER_TOKENS_MAX } from "@/lib/fleet-limits";
import type { CreatedWorkerToken, WorkerTokenView } from "@/lib/protocol/worker-token";
import { assert } from "@/lib/util/assert";
import { createId, isId } from "@/lib/util/id";
import { makeWorkerToken, WORKER_TOKEN_START } from "./make-key";

type Row = typeof workerTokens.$inferSelect;

/**
 * Makes a token that lets workers in. The reply holds it for the only time.
 *
 * @throws AppError `conflict` when a live token has the name, or there are as many as a server holds.
 */
export async function createWorkerToken(
  db: Database,
  name: string,
  { readsProviderKeys = false }: { readsProviderKeys?: boolean } = {},
): Promise<CreatedWorkerToken> {
  const { key: token, prefix, hash } = makeWorkerToken();
  return await db.transaction(async (transaction) => {
    await checkRoom(transaction, name);
    const [row] = await transaction
      .insert(workerTokens)
      .values({ id: createId(), name, prefix, hash, readsProviderKeys })
      .returning();
    assert(row !== undefined, "an insert returns its row");
    await announce(transaction, "workers");
    return { token, view: toView({ ...row, workers: 0 }) };
  });
}

async function checkRoom(db: Database, name: string): Promise<void> {
  const live = isNull(workerTokens.revokedAt);
  const named = and(live, eq(workerTokens.name, name));
  const [same] = await db.select({ id: workerTokens.id }).from(workerTokens).where(named).limit(1);
  if (same !== undefined) {
    throw new AppError("conflict", {
      message: `A worker token is named \`${name}\` already. Choose another name, or revoke that one.`,
    });
  }
  const [counted] = await db.select({ tokens: count() }).from(workerTokens).where(live);
  if ((counted?.tokens ?? 0) < WORKER_TOKENS_MAX) return;
  throw new AppError("conflict", {
    message: `There are ${WORKER_TOKENS_MAX} worker tokens, as many as a server holds. Revoke some that no worker uses.`,
  });
}

// In plain words: a column in a selection from one table is written without that table's name.
const workersOf = sql<number>`(
  select count(*) from workers where workers.token_id = worker_tokens.id
  and workers.state in ('starting', 'ready', 'draining'))`
  .mapWith(Number)
  .as("workers");

/** The newest tokens, revoked ones included. */
export async function listWorkerTokens(db: Database): Promise<WorkerTokenView[]> {
  const rows = await select(db).orderBy(desc(workerTokens.createdAt)).limit(WORKER_TOKENS_MAX);
  return rows.map(toView);
}

function select(db: Database) {
  return db
    .select({
      id: workerTokens.id,
      name: workerTokens.name,
      hash: workerTokens.hash,
      prefix: workerTokens.prefix,
      readsProviderKeys: workerTokens.readsProviderKeys,
      createdAt: workerTokens.createdAt,
      revokedAt: workerTokens.revokedAt,
      workers: workersOf,
    })
    .from(workerTokens);
}

/**
 * Ends a token for good, and with it the workers that registered by it: none is sent another request, and
 * none gets in again.
 *
 * @throws AppError `not-found`, or `conflict` when several begin so.
 */
export async function revokeWorkerToken(db: Database, word: string): Promise<WorkerTokenView> {
  return await db.transaction(async (transaction) => {
    const { id } = await findToken(transaction, word);
    await transaction
      .update(workerTokens)
      .set({ revokedAt: sql`coalesce(${workerTokens.revokedAt}, now())` })
      .where(eq(workerTokens.id, id));
    await transaction
      .update(workers)
      .set({ state: "left" })
      .where(
        and(
          eq(workers.tokenId, id),
          inArray(workers.state, ["starting", "ready", "draining", "lost"]),
        ),
      );
    await announce(transaction, "workers");
    const [row] = await select(transaction).where(eq(workerTokens.id, id));
    assert(row !== undefined, "a token that was found is there to revoke");
    return toView(row);
  });
}

/** By its id, by its name while it is live, or by three or more letters of how it begins. */
async function findToken(db: Database, word: string): Promise<{ id: string }> {
  const letters = word.replace(WORKER_TOKEN_START, "");
  const named = [and(eq(workerTokens.name, word), isNull(workerTokens.revokedAt))];
  if (isId(word)) named.push(eq(workerTokens.id, word));
  if (/^[a-z0-9]{3,}$/i.test(letters)) {
    const beginning = (WORKER_TOKEN_START + letters).slice(0, WORKER_TOKEN_START.length + 6);
    named.push(like(workerTokens.prefix, `${beginning}%`));
  }
  const [row, another] = await db
    .select({ id: workerTokens.id })
    .from(workerTokens)
    .where(or(...named))
    .limit(2);
  if (row === undefined) {
    throw new AppError("not-found", {
      message: `There is no worker token \`${word}\`. \`npx parley workers tokens\` shows ids, names and beginnings.`,
    });
  }
  if (another === undefined) return row;
  throw new AppError("conflict", {
    message: `Several worker tokens are called \`${word}\`. Name one by its id.`,
  });
}

/** Ids by hash of the tokens that let workers in. */
export async function readLiveTokens(db: Database): Promise<ReadonlyMap<string, string>> {
  const rows = await db
    .select({ id: workerTokens.id, hash: workerTokens.hash })
    .from(workerTokens)
    .where(isNull(workerTokens.revokedAt));
  return new Map(rows.map(({ id, hash }) => [hash, id]));
}

/** Whether who came by this token is handed the keys of external providers. */
export async function mayReadProviderKeys(db: Database, id: string): Promise<boolean> {
  const [row] = await db
    .select({ id: workerTokens.id })
    .from(workerTokens)
    .where(
      and(
        eq(workerTokens.id, id),
        eq(workerTokens.readsProviderKeys, true),
        isNull(workerTokens.revokedAt),
      ),
    );
  return row !== undefined;
}

function toView(row: Row & { workers: number }): WorkerTokenView {
  return {
    ...{ id: row.id, name: row.name, prefix: row.prefix, workers: row.workers },
    readsProviderKeys: row.readsProviderKeys,
    state: row.revokedAt === null ? "live" : "revoked",
    createdAt: row.createdAt.toISOString(),
    revokedAt: row.revokedAt?.toISOString() ?? null,
  };
}
