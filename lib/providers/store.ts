import { and, asc, count, eq, inArray, isNotNull, or } from "drizzle-orm";
import { announce } from "@/lib/db/change-feed";
import type { Database } from "@/lib/db/client";
import { externalModels, providerKeys } from "@/lib/db/schema/providers";
import { AppError } from "@/lib/errors";
import {
  MODEL_PROBLEMS,
  type ModelProblem,
  type ToldProblems,
} from "@/lib/protocol/external-models";
import { type Credentials, type ModelEntry, modelEntrySchema } from "@/lib/protocol/model-entry";
import {
  type CreateProviderKeyBody,
  explainCredentials,
  type UpdateProviderKeyBody,
} from "@/lib/protocol/provider-key";
import {
  CREDENTIAL_KEYS,
  credentialKeysOf,
  PROVIDER_NAMES,
  type ProviderName,
  takesKeyOf,
} from "@/lib/protocol/provider-table";
import type { ExternalModelBody } from "@/lib/protocol/providers-view";
import { PROVIDER_KEYS_MAX } from "@/lib/provider-limits";
import { log } from "@/lib/telemetry/log";
import { logOnce } from "@/lib/telemetry/log-once";
import { UPSTREAM_MODELS_MAX } from "@/lib/upstream-limits";
import { assert } from "@/lib/util/assert";
import { createId, isId } from "@/lib/util/id";
import { sealCredentials } from "./seal";

/** A key as it lies in the database. */
export type StoredKey = {
  id: string;
  name: string;
  provider: ProviderName;
  sealed: string;
  createdAt: Date;
  updatedAt: Date;
};

export type StoredModel = {
  id: string;
  entry: ModelEntry;
  keyId: string | null;
  isEnabled: boolean;
  problem: ModelProblem | undefined;
  updatedAt: Date;
};

export type Providers = { keys: readonly StoredKey[]; models: readonly StoredModel[] };

/** All of it, by name. What a newer version wrote and this one cannot follow is left out, and logged. */
export async function readProviders(db: Database): Promise<Providers> {
  const [keys, models] = await Promise.all([
    db.select().from(providerKeys).orderBy(asc(providerKeys.name)),
    db.select().from(externalModels).orderBy(asc(externalModels.name)),
  ]);
  return { keys: keys.flatMap(toKey), models: models.flatMap(toModel) };
}

function toKey(row: typeof providerKeys.$inferSelect): StoredKey[] {
  const provider = PROVIDER_NAMES.find((it) => it === row.provider);
  return provider === undefined ? [] : [{ ...row, provider }];
}

function toModel(row: typeof externalModels.$inferSelect): StoredModel[] {
  const parsed = modelEntrySchema.safeParse(row.entry);
  if (!parsed.success) {
    const paths = parsed.error.issues.map(({ path }) => path.join("."));
    logOnce(`external model ${row.id}`, () =>
      log.error({ model: row.name, paths }, "the entry of an external model is not understood"),
    );
    return [];
  }
  const { id, keyId, isEnabled, updatedAt, problemText } = row;
  const kind = MODEL_PROBLEMS.find((it) => it === row.problem);
  const problem =
    kind !== undefined && problemText !== null ? { kind, message: problemText } : undefined;
  return [{ id, entry: parsed.data, keyId, isEnabled, problem, updatedAt }];
}

/**
 * Keeps a key, sealed.
 *
 * @throws AppError `conflict` when another one has the name, or there are as many as the platform keeps.
 */
export async function createProviderKey(
  db: Database,
  { name, provider, credentials }: CreateProviderKeyBody,
  secret: string,
): Promise<StoredKey> {
  const id = createId();
  const sealed = sealCredentials(credentials, { id, provider }, secret);
  return await db.transaction(async (transaction) => {
    const [counted] = await transaction.select({ keys: count() }).from(providerKeys);
    if ((counted?.keys ?? 0) >= PROVIDER_KEYS_MAX) {
      throw new AppError("conflict", {
        message: `There are ${PROVIDER_KEYS_MAX} keys of providers, as many as the platform keeps. Delete some that no model uses.`,
      });
    }
    const [row] = await transaction
      .insert(providerKeys)
      .values({ id, name, provider, sealed })
      .onConflictDoNothing({ target: providerKeys.name })
      .returning();
    if (row === undefined) throw nameTaken(name);
    await announce(transaction, "providers");
    return { ...row, provider };
  });
}

/**
 * Renames a key, or puts another secret in its place; the one before is gone.
 *
 * @throws AppError `not-found`, `conflict`, or `invalid-request` for what is no key of its provider.
 */
export async function changeProviderKey(
  db: Database,
  word: string,
  { changes: { name, credentials }, secret }: { changes: UpdateProviderKeyBody; secret: string },
): Promise<StoredKey> {
  return await db.transaction(async (transaction) => {
    const { id, provider } = await getProviderKey(transaction, word);
    if (name !== undefined) {
      const [same] = await transaction
        .select({ id: providerKeys.id })
        .from(providerKeys)
        .where(eq(providerKeys.name, name));
      if (same !== undefined && same.id !== id) throw nameTaken(name);
    }
    if (credentials) expectCredentials(provider, credentials);
    const sealed = credentials && sealCredentials(credentials, { id, provider }, secret);
    const [row] = await transaction
      .update(providerKeys)
      .set({
        ...(name !== undefined && { name }),
        ...(sealed !== undefined && { sealed, updatedAt: new Date() }),
      })
      .where(eq(providerKeys.id, id))
      .returning();
    assert(row !== undefined, "a key that was locked is there to change");
    // What its provider said of the one before says nothing of this one.
    if (sealed !== undefined) await forgetProblems(transaction, id);
    await announce(transaction, "providers");
    return { ...row, provider };
  });
}

/** Writes what was sealed under another secret anew. */
export async function writeSealed(
  db: Database,
  sealed: readonly { id: string; sealed: string }[],
): Promise<void> {
  await db.transaction(async (transaction) => {
    for (const it of sealed) {
      await transaction
        .update(providerKeys)
        .set({ sealed: it.sealed })
        .where(eq(providerKeys.id, it.id));
    }
    await announce(transaction, "providers");
  });
}

/**
 * Deletes a key for good.
 *
 * @throws AppError `not-found`, or `conflict` naming the models that use it.
 */
export async function deleteProviderKey(db: Database, word: string): Promise<StoredKey> {
  return await db.transaction(async (transaction) => {
    const key = await getProviderKey(transaction, word);
    const users = await transaction
      .select({ name: externalModels.name })
      .from(externalModels)
      .where(eq(externalModels.keyId, key.id))
      .orderBy(asc(externalModels.name));
    if (users.length > 0) {
      const names = users.map((it) => it.name).join(", ");
      throw new AppError("conflict", {
        message: `The key ${key.name} is used by ${names}. Give ${users.length === 1 ? "that model" : "those models"} another key, or delete ${users.length === 1 ? "it" : "them"} first.`,
      });
    }
    await transaction.delete(providerKeys).where(eq(providerKeys.id, key.id));
    await announce(transaction, "providers");
    return key;
  });
}

/** Held until the transaction ends, so that no model begins to use it meanwhile. By id or name. */
async function getProviderKey(db: Database, word: string): Promise<StoredKey> {
  const named = eq(providerKeys.name, word);
  const [row] = await db
    .select()
    .from(providerKeys)
    .where(isId(word) ? or(eq(providerKeys.id, word), named) : named)
    .for("update");
  const [key] = row === undefined ? [] : toKey(row);
  if (key !== undefined) return key;
  throw new AppError("not-found", {
    message: `There is no key of a provider \`${word}\`. \`npx parley providers keys list\` shows them.`,
  });
}

function nameTaken(name: string): AppError {
  return new AppError("conflict", {
    message: `A key is named ${name} already. Choose another name, or replace that key.`,
    param: "name",
  });
}

function expectCredentials(provider: ProviderName, credentials: Credentials): void {
  const fault = explainCredentials(provider, credentials);
  if (fault === undefined) return;
  const param = fault.path.join(".");
  throw new AppError("invalid-request", { message: `${param} ${fault.message}`, param });
}

/** @throws AppError `conflict`, or `invalid-request` for a key that the model cannot use. */
export async function createExternalModel(
  db: Database,
  { entry, keyId, isEnabled }: ExternalModelBody,
): Promise<StoredModel> {
  return await db.transaction(async (transaction) => {
    const [counted] = await transaction.select({ models: count() }).from(externalModels);
    if ((counted?.models ?? 0) >= UPSTREAM_MODELS_MAX) {
      throw new AppError("conflict", {
        message: `There are ${UPSTREAM_MODELS_MAX} external models, as many as a worker offers. Delete some, or serve these from a file.`,
      });
    }
    await expectUsable(transaction, entry, keyId);
    const [row] = await transaction
      .insert(externalModels)
      .values({ name: entry.name, entry, keyId, isEnabled })
      .onConflictDoNothing({ target: externalModels.name })
      .returning();
    if (row === undefined) throw modelTaken(entry.name);
    await announce(transaction, "providers");
    return toWritten(row);
  });
}

/** @throws AppError `not-found`, `conflict`, or `invalid-request` for a key that the model cannot use. */
export async function changeExternalModel(
  db: Database,
  word: string,
  { entry, keyId, isEnabled }: ExternalModelBody,
): Promise<StoredModel> {
  return await db.transaction(async (transaction) => {
    const { id } = await getExternalModel(transaction, word);
    const [same] = await transaction
      .select({ id: externalModels.id })
      .from(externalModels)
      .where(eq(externalModels.name, entry.name));
    if (same !== undefined && same.id !== id) throw modelTaken(entry.name);
    await expectUsable(transaction, entry, keyId);
    return await update(transaction, id, { name: entry.name, entry, keyId, isEnabled });
  });
}

/** @throws AppError `not-found` */
export async function enableExternalModel(
  db: Database,
  word: string,
  isEnabled: boolean,
): Promise<StoredModel> {
  return await db.transaction(async (transaction) => {
    const { id } = await getExternalModel(transaction, word);
    return await update(transaction, id, { isEnabled });
  });
}

type ModelChanges = Partial<typeof externalModels.$inferInsert>;

/** What was wrong with it before says nothing of it now. */
async function update(db: Database, id: string, changes: ModelChanges): Promise<StoredModel> {
  const [row] = await db
    .update(externalModels)
    .set({ ...changes, problem: null, problemText: null, updatedAt: new Date() })
    .where(eq(externalModels.id, id))
    .returning();
  assert(row !== undefined, "a model that was locked is there to change");
  await announce(db, "providers");
  return toWritten(row);
}

function toWritten(row: typeof externalModels.$inferSelect): StoredModel {
  const [model] = toModel(row);
  assert(model !== undefined, "what was written is understood");
  return model;
}

/** @throws AppError `not-found` */
export async function deleteExternalModel(db: Database, word: string): Promise<string> {
  return await db.transaction(async (transaction) => {
    const { id, name } = await getExternalModel(transaction, word);
    await transaction.delete(externalModels).where(eq(externalModels.id, id));
    await announce(transaction, "providers");
    return name;
  });
}

async function getExternalModel(db: Database, word: string): Promise<{ id: string; name: string }> {
  const named = eq(externalModels.name, word);
  const [row] = await db
    .select({ id: externalModels.id, name: externalModels.name })
    .from(externalModels)
    .where(isId(word) ? or(eq(externalModels.id, word), named) : named)
    .for("update");
  if (row !== undefined) return row;
  throw new AppError("not-found", {
    message: `There is no external model \`${word}\`. \`npx parley providers models list\` shows them.`,
  });
}

function modelTaken(name: string): AppError {
  return new AppError("conflict", {
    message: `An external model is named ${name} already. Choose another name, or change that one.`,
    param: "entry.name",
  });
}

async function expectUsable(db: Database, entry: ModelEntry, keyId: string | null): Promise<void> {
  if (keyId === null) return;
  const refuse = (message: string, param: string) =>
    new AppError("invalid-request", { message: `${param} ${message}`, param });
  const variable = CREDENTIAL_KEYS.find((it) => entry[it] !== undefined);
  if (variable !== undefined) {
    throw refuse("names a variable beside a stored key; keep one of them.", `entry.${variable}`);
  }
  // Held, so that it is not deleted before this model is written.
  const [row] = await db
    .select()
    .from(providerKeys)
    .where(eq(providerKeys.id, keyId))
    .for("key share");
  const [key] = row === undefined ? [] : toKey(row);
  if (key === undefined) throw refuse("is no stored key; choose one that is there.", "keyId");
  const { provider } = entry;
  if (credentialKeysOf(provider).length > 0 && takesKeyOf(provider, key.provider)) return;
  throw refuse(
    `is a key of ${key.provider}, and the model is one of ${provider}; choose a key of that provider.`,
    "keyId",
  );
}

async function forgetProblems(db: Database, keyId: string): Promise<void> {
  await db
    .update(externalModels)
    .set({ problem: null, problemText: null })
    .where(and(eq(externalModels.keyId, keyId), isNotNull(externalModels.problem)));
}

/** What workers tell of models that they cannot serve, or can again; of those that are switched on alone. */
export async function writeProblems(
  db: Database,
  problems: ToldProblems["problems"],
): Promise<void> {
  const names = problems.map(({ name }) => name);
  if (names.length === 0) return;
  await db.transaction(async (transaction) => {
    const rows = await transaction
      .select({ name: externalModels.name, text: externalModels.problemText })
      .from(externalModels)
      .where(and(inArray(externalModels.name, names), eq(externalModels.isEnabled, true)))
      .orderBy(asc(externalModels.name))
      .for("update");
    const before = new Map(rows.map(({ name, text }) => [name, text]));
    const changed = problems.filter(
      ({ name, problem }) => before.has(name) && before.get(name) !== (problem?.message ?? null),
    );
    for (const { name, problem } of changed) {
      await transaction
        .update(externalModels)
        .set({ problem: problem?.kind ?? null, problemText: problem?.message ?? null })
        .where(eq(externalModels.name, name));
    }
    if (changed.length > 0) await announce(transaction, "providers");
  });
}
