import { and, eq, isNotNull, isNull, type SQL, sql } from "drizzle-orm";
import * as z from "zod";
import { announce } from "@/lib/db/change-feed";
import type { Database } from "@/lib/db/client";
import { modelAliases, modelSettings } from "@/lib/db/schema/catalog";
import { models } from "@/lib/db/schema/models";
import { limitsSchema } from "@/lib/protocol/api-key";
import {
  aliasSchema,
  type ModelAlias,
  modelDefaultsSchema,
  type Price,
  priceSchema,
  type Rollback,
  rollbackSchema,
} from "@/lib/protocol/catalog";
import { dispatchPolicySchema } from "@/lib/protocol/dispatch";
import { operatorCardSchema } from "@/lib/protocol/operator-card";
import { log } from "@/lib/telemetry/log";
import { logOnce } from "@/lib/telemetry/log-once";
import { readable } from "@/lib/util/readable";
import type { AliasEntry, ModelSettings } from "./catalog";

/**
 * What operators said of models. Of a row that a newer version wrote, beside which this one may still run,
 * what can be read counts: without it a model would be free of all its limits.
 */
export async function readModelSettings(db: Database): Promise<ModelSettings[]> {
  const rows = await db.select().from(modelSettings);
  return rows.map(({ model, defaults, price, limits, fallbacks, dispatch, card, ...row }) => {
    const parsed = [
      modelDefaultsSchema.safeParse(defaults),
      limitsSchema.safeParse(limits),
      priceSchema.nullable().safeParse(price),
      dispatchPolicySchema.nullable().safeParse(dispatch),
      operatorCardSchema.safeParse(card),
    ].find((it) => !it.success);
    if (parsed) complain({ model }, parsed.error);
    return {
      ...{ model, fallbacks },
      defaults: readable(modelDefaultsSchema, defaults),
      // A price that says more than this version knows still has its words for tokens.
      price: toPrice(price),
      limits: readable(limitsSchema, limits),
      // A policy that this version has not: the default serves every model.
      dispatch: dispatchPolicySchema.safeParse(dispatch).data,
      card: readable(operatorCardSchema, card),
      ...{ isDirect: row.isDirect, isApi: row.isApi },
    };
  });
}

const toPrice = (stored: unknown): Price | undefined =>
  stored === null ? undefined : priceSchema.strip().safeParse(stored).data;

/** What workers said last that their models cost, whether or not any of them is there. */
export async function readToldPrices(db: Database): Promise<ReadonlyMap<string, Price>> {
  const rows = await db
    .select({ name: models.name, price: models.price })
    .from(models)
    .where(isNotNull(models.price));
  return new Map(
    rows.flatMap(({ name, price }) => {
      const read = toPrice(price);
      return read === undefined ? [] : [[name, read] as const];
    }),
  );
}

/** Of a row of `models` in the statement: what is told of its maker, the operator's word first. */
export const toldOrganization: SQL<string | null> = sql`coalesce(
  (select ${modelSettings.card} ->> 'organization' from ${modelSettings} where ${modelSettings.model} = ${models.name}),
  ${models.description} ->> 'organization')`;

/** Aliases, save those that a newer version wrote and this one cannot follow: half an alias would lead elsewhere. */
export async function readAliases(db: Database): Promise<AliasEntry[]> {
  const rows = await db.select().from(modelAliases);
  return rows.flatMap(({ name, definition, rollback, updatedAt }) => {
    const alias = storedAliasSchema.safeParse({ definition, name });
    const kept = rollbackSchema.nullable().safeParse(rollback);
    const error = alias.error ?? kept.error;
    if (error) complain({ alias: name }, error);
    if (!alias.success) return [];
    const version = updatedAt.getTime();
    return [{ ...alias.data, rollback: kept.data ?? undefined, version }];
  });
}

/** As the table has it: the name apart. */
const storedAliasSchema = z
  .object({ name: z.string(), definition: z.record(z.string(), z.unknown()) })
  .transform(({ name, definition }) => ({ ...definition, name }))
  .pipe(aliasSchema);

function complain(of: { model: string } | { alias: string }, error: Error): void {
  logOnce(`catalog ${JSON.stringify(of)}`, () =>
    log.error({ ...of, err: error }, "a row of the catalog is not understood, or not all of it"),
  );
}

/** Writes what an operator says of a model, in place of what was said before, but for who may ask for it. */
export async function writeModelSettings(
  db: Database,
  { isDirect: _, isApi: __, ...settings }: ModelSettings,
): Promise<void> {
  const { price = null, dispatch = null, fallbacks, card = {} } = settings;
  const values = { ...settings, price, dispatch, card, fallbacks: [...fallbacks] };
  await db.transaction(async (transaction) => {
    await transaction
      .insert(modelSettings)
      .values(values)
      .onConflictDoUpdate({
        target: modelSettings.model,
        set: { ...values, updatedAt: new Date() },
      });
    await announce(transaction, "catalog");
  });
}

/** Writes who may ask for a model by its name; whatever else was said of it stays. */
export async function writeNamedUse(
  db: Database,
  { model, ...use }: { model: string; isDirect: boolean; isApi: boolean },
): Promise<void> {
  await db.transaction(async (transaction) => {
    await transaction
      .insert(modelSettings)
      .values({ model, defaults: {}, limits: {}, fallbacks: [], ...use })
      .onConflictDoUpdate({ target: modelSettings.model, set: { ...use, updatedAt: new Date() } });
    await announce(transaction, "catalog");
  });
}

/** Forgets what was said of a model. False when nothing was. */
export async function deleteModelSettings(db: Database, model: string): Promise<boolean> {
  return db.transaction(async (transaction) => {
    const gone = await transaction
      .delete(modelSettings)
      .where(eq(modelSettings.model, model))
      .returning({ model: modelSettings.model });
    await announce(transaction, "catalog");
    return gone.length > 0;
  });
}

/** Writes an alias in place of the one of its name; what was rolled back comes in again. */
export async function writeAlias(db: Database, { name, ...definition }: ModelAlias): Promise<void> {
  await db.transaction(async (transaction) => {
    // The database's clock: versions of two operators at two processes must not run backwards.
    const updatedAt = sql`clock_timestamp()`;
    await transaction
      .insert(modelAliases)
      .values({ name, definition, updatedAt })
      .onConflictDoUpdate({
        target: modelAliases.name,
        set: { definition, rollback: null, updatedAt },
      });
    await announce(transaction, "catalog");
  });
}

/** False when there was none. */
export async function deleteAlias(db: Database, name: string): Promise<boolean> {
  return db.transaction(async (transaction) => {
    const gone = await transaction
      .delete(modelAliases)
      .where(eq(modelAliases.name, name))
      .returning({ name: modelAliases.name });
    await announce(transaction, "catalog");
    return gone.length > 0;
  });
}

/**
 * Takes a target out of an alias, as of the version that its failures were counted at. False when another
 * process was first, or an operator has changed the alias since.
 */
export async function writeRollback(
  db: Database,
  { name, version, rollback }: { name: string; version: number; rollback: Rollback },
): Promise<boolean> {
  return db.transaction(async (transaction) => {
    const written = await transaction
      .update(modelAliases)
      .set({ rollback })
      .where(
        and(
          eq(modelAliases.name, name),
          isNull(modelAliases.rollback),
          // A version is told in milliseconds, the column in microseconds.
          sql`date_trunc('milliseconds', ${modelAliases.updatedAt}) = ${new Date(version).toISOString()}::timestamptz`,
        ),
      )
      .returning({ name: modelAliases.name });
    if (written.length > 0) await announce(transaction, "catalog");
    return written.length > 0;
  });
}
