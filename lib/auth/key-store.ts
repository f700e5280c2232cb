import { count, desc, eq, isNull, like, sql } from "drizzle-orm";
import * as z from "zod";
import { announce } from "@/lib/db/change-feed";
import type { Database } from "@/lib/db/client";
import { apiKeys } from "@/lib/db/schema/api-keys";
import { AppError } from "@/lib/errors";
import { API_KEYS_MAX, KEYS_LISTED_MAX, REVOKED_KEYS_KNOWN_MAX } from "@/lib/limits";
import {
  API_SCOPES,
  type ApiScope,
  type KeyLimits,
  keyLimitsSchema,
  limitsSchema,
} from "@/lib/protocol/api-key";
import type { CreatedKey, CreateKeyBody, KeyView, UpdateKeyBody } from "@/lib/protocol/key-view";
import { log } from "@/lib/telemetry/log";
import { logOnce } from "@/lib/telemetry/log-once";
import { assert } from "@/lib/util/assert";
import { isId } from "@/lib/util/id";
import { readable } from "@/lib/util/readable";
import type { ApiKey } from "./api-caller";
import { KEY_START, makeKey, SHOWN_LETTERS } from "./make-key";

type Row = typeof apiKeys.$inferSelect;

/** A key with what only the lookup needs; `key` is undefined where it cannot be read. */
export type StoredKey = { id: string; hash: string; isRevoked: boolean; key: ApiKey | undefined };

/**
 * Makes a key. The reply holds it for the only time.
 *
 * @throws AppError `conflict` when there are as many as servers hold, `invalid-request` for a time past.
 */
export async function createKey(db: Database, body: CreateKeyBody): Promise<CreatedKey> {
  const { key, prefix, hash } = makeKey();
  const { name, scopes, models, limits } = body;
  const values = { name, scopes, models, limits, expiresAt: toExpiry(body.expiresAt) };
  return await db.transaction(async (transaction) => {
    await checkRoom(transaction);
    const [row] = await transaction
      .insert(apiKeys)
      .values({ ...values, prefix, hash })
      .returning();
    assert(row !== undefined, "an insert returns its row");
    await announce(transaction, "keys");
    return { key, view: toView(row) };
  });
}

async function checkRoom(db: Database): Promise<void> {
  const [counted] = await db
    .select({ keys: count() })
    .from(apiKeys)
    .where(isNull(apiKeys.revokedAt));
  if ((counted?.keys ?? 0) < API_KEYS_MAX) return;
  throw new AppError("conflict", {
    message: `There are ${API_KEYS_MAX} keys, as many as a server holds. Revoke some that nobody uses.`,
  });
}

/** The newest keys and how many were ever made, revoked ones included. */
export async function listKeys(db: Database): Promise<{ keys: KeyView[]; total: number }> {
  const [rows, counted] = await Promise.all([
    db.select().from(apiKeys).orderBy(desc(apiKeys.createdAt)).limit(KEYS_LISTED_MAX),
    db.select({ keys: count() }).from(apiKeys),
  ]);
  return { keys: rows.map(toView), total: counted[0]?.keys ?? 0 };
}

/**
 * The one key that `idOrPrefix` names: its id, or three or more letters of its beginning (the word that
 * all begin with may be left out). A whole key names itself.
 *
 * @throws AppError `not-found`, or `conflict` when several begin so.
 */
export async function findKey(db: Database, idOrPrefix: string): Promise<KeyView> {
  if (isId(idOrPrefix)) {
    const [row] = await db.select().from(apiKeys).where(eq(apiKeys.id, idOrPrefix));
    if (row !== undefined) return toView(row);
  } else if (/^[a-z0-9]{3,}$/i.test(idOrPrefix.replace(KEY_START, ""))) {
    const letters = idOrPrefix.replace(KEY_START, "");
    const beginning = (KEY_START + letters).slice(0, KEY_START.length + SHOWN_LETTERS);
    const rows = await db
      .select()
      .from(apiKeys)
      .where(like(apiKeys.prefix, `${beginning}%`))
      .limit(2);
    if (rows[1] !== undefined) {
      throw new AppError("conflict", {
        message: `Several keys begin with \`${beginning}\`. Name one by more of its letters or by its id.`,
      });
    }
    if (rows[0] !== undefined) return toView(rows[0]);
  } else {
    throw new AppError("not-found", {
      message: `There is no such API key: one is named by its id, or by three or more letters of how it begins, as in \`${KEY_START}a1B\` or \`a1B\`. \`npx parley keys list\` shows both.`,
    });
  }
  throw new AppError("not-found", {
    message: "There is no such API key. `npx parley keys list` shows ids and beginnings.",
  });
}

/**
 * Changes what `body` names; the key itself stays.
 *
 * @throws AppError `not-found`; `conflict` for a revoked key; `invalid-request` for a time past.
 */
export async function updateKey(db: Database, id: string, body: UpdateKeyBody): Promise<KeyView> {
  const changes: Partial<typeof apiKeys.$inferInsert> = {
    ...(body.name !== undefined && { name: body.name }),
    ...(body.scopes !== undefined && { scopes: body.scopes }),
    ...(body.models !== undefined && { models: body.models }),
    ...(body.limits !== undefined && { limits: body.limits }),
    ...(body.expiresAt !== undefined && { expiresAt: toExpiry(body.expiresAt) }),
  };
  return await db.transaction(async (transaction) => {
    const before = await findKey(transaction, id);
    if (before.state === "revoked") {
      throw new AppError("conflict", {
        message: `The key ${before.prefix}… was revoked, which is final. Make another one.`,
      });
    }
    if (Object.keys(changes).length === 0) return before;
    const [row] = await transaction
      .update(apiKeys)
      .set(changes)
      .where(eq(apiKeys.id, before.id))
      .returning();
    await announce(transaction, "keys");
    return row === undefined ? before : toView(row);
  });
}

/**
 * Ends a key for good; one that was revoked keeps its first time.
 *
 * @throws AppError `not-found`
 */
export async function revokeKey(db: Database, id: string): Promise<KeyView> {
  return await db.transaction(async (transaction) => {
    const { id: found } = await findKey(transaction, id);
    const [row] = await transaction
      .update(apiKeys)
      .set({ revokedAt: sql`coalesce(${apiKeys.revokedAt}, now())` })
      .where(eq(apiKeys.id, found))
      .returning();
    assert(row !== undefined, "a key that was found is there to revoke");
    await announce(transaction, "keys");
    return toView(row);
  });
}

/** Writes when keys, by id, were last used. Nobody holds these times in memory, so nothing is announced. */
export async function touchKeys(db: Database, usedAt: ReadonlyMap<string, Date>): Promise<void> {
  if (usedAt.size === 0) return;
  const used = JSON.stringify([...usedAt].map(([id, at]) => ({ id, at: at.toISOString() })));
  // Replicas flush in any order; `greatest` passes over the null of a key that was never used.
  await db.execute(sql`
    update api_keys set last_used_at = greatest(api_keys.last_used_at, used.at)
    from jsonb_to_recordset(${used}::text::jsonb) as used (id uuid, at timestamptz)
    where api_keys.id = used.id`);
}

/** A row as the lookup reads it: texts, since reading lists takes the driver longer than all the rest. */
type LookupRow = Pick<Row, "id" | "name" | "prefix" | "hash"> & {
  isRevoked: boolean;
  /** Between commas. */
  scopes: string;
  /** JSON, as `limits` is. */
  models: string | null;
  limits: string;
  expiresAtMs: number | null;
};

/** All keys that requests may bear, and the newest of those that they may bear no longer. */
export async function readStoredKeys(db: Database): Promise<StoredKey[]> {
  const columns = sql`id, name, prefix, hash, limits::text as limits,
    array_to_string(scopes, ',') as scopes, array_to_json(models)::text as models,
    revoked_at is not null as "isRevoked", (extract(epoch from expires_at) * 1000)::float8 as "expiresAtMs"`;
  const rows = await db.execute<LookupRow>(sql`
    (select ${columns} from api_keys where revoked_at is null)
    union all
    (select ${columns} from api_keys where revoked_at is not null
     order by revoked_at desc limit ${REVOKED_KEYS_KNOWN_MAX})`);
  // Most keys have one of a few sets of limits.
  const limits = new Map<string, KeyLimits | undefined>();
  return rows.map((row) => {
    if (!limits.has(row.limits)) limits.set(row.limits, toKeyLimits(row));
    return toStoredKey(row, limits.get(row.limits));
  });
}

/** Undefined for those of a newer version, beside which this one still runs: what cannot be held to is not let in. */
function toKeyLimits({ id, limits }: LookupRow): KeyLimits | undefined {
  const parsed = keyLimitsSchema.safeParse(JSON.parse(limits));
  if (parsed.success) return parsed.data;
  logOnce(`limits ${id}`, () =>
    log.error({ keyId: id, err: parsed.error }, "an API key has limits that are not understood"),
  );
  return undefined;
}

function toStoredKey(row: LookupRow, limits: KeyLimits | undefined): StoredKey {
  const { id, name, prefix, hash, isRevoked } = row;
  if (limits === undefined) return { id, hash, isRevoked, key: undefined };
  const models: string[] | undefined = row.models === null ? undefined : JSON.parse(row.models);
  const expiresAtMs = row.expiresAtMs ?? undefined;
  const scopes = toScopes(row.scopes.split(","));
  return { id, hash, isRevoked, key: { id, name, prefix, scopes, models, limits, expiresAtMs } };
}

/** Without those that only a newer version knows. */
function toScopes(names: readonly string[]): ApiScope[] {
  return API_SCOPES.filter((scope) => names.includes(scope));
}

/** For keepers, who must see a key of a newer version to change or end it: what can be read of its limits. */
function readableLimits(limits: unknown): KeyLimits {
  const own = readable(limitsSchema, limits);
  const perModel = z.object({ models: z.record(z.string(), z.unknown()) }).safeParse(limits);
  if (!perModel.success) return own;
  const entries = Object.entries(perModel.data.models);
  return {
    ...own,
    models: Object.fromEntries(entries.map(([name, it]) => [name, readable(limitsSchema, it)])),
  };
}

function toView(row: Row): KeyView {
  const isPast = row.expiresAt !== null && row.expiresAt.getTime() <= Date.now();
  return {
    ...{ id: row.id, name: row.name, prefix: row.prefix, models: row.models },
    scopes: toScopes(row.scopes),
    limits: readableLimits(row.limits),
    state: row.revokedAt !== null ? "revoked" : isPast ? "expired" : "live",
    createdAt: row.createdAt.toISOString(),
    expiresAt: row.expiresAt?.toISOString() ?? null,
    revokedAt: row.revokedAt?.toISOString() ?? null,
    lastUsedAt: row.lastUsedAt?.toISOString() ?? null,
  };
}

function toExpiry(moment: string | null): Date | null {
  if (moment === null) return null;
  const at = new Date(moment);
  if (at.getTime() > Date.now()) return at;
  throw new AppError("invalid-request", {
    message: "`expiresAt` lies in the past. Name a time to come, or revoke the key.",
    param: "expiresAt",
  });
}
