import { announce } from "@/lib/db/change-feed";
import type { Database } from "@/lib/db/client";
import { modelAliases, modelSettings } from "@/lib/db/schema/catalog";
import { limitsSchema } from "@/lib/protocol/api-key";
import {
  aliasSchema,
  type ModelAlias,
  modelDefaultsSchema,
  priceSchema,
  rollbackSchema,
} from "@/lib/protocol/catalog";
import type { AliasEntry, ModelSettings } from "./catalog";

export async function readModelSettings(db: Database): Promise<ModelSettings[]> {
  const rows = await db.select().from(modelSettings);
  return rows.map((row) => ({
    model: row.model,
    defaults: modelDefaultsSchema.parse(row.defaults),
    price: row.price === null ? undefined : priceSchema.parse(row.price),
    limits: limitsSchema.parse(row.limits),
    fallbacks: row.fallbacks,
  }));
}

export async function readAliases(db: Database): Promise<AliasEntry[]> {
  const rows = await db.select().from(modelAliases);
  return rows.map((row) => ({
    ...aliasSchema.parse({ ...(row.definition as object), name: row.name }),
    rollback: row.rollback === null ? undefined : rollbackSchema.parse(row.rollback),
  }));
}

/** Writes what an operator says of a model, in place of what was said before. */
export async function writeModelSettings(db: Database, settings: ModelSettings): Promise<void> {
  const values = { ...settings, price: settings.price ?? null, fallbacks: [...settings.fallbacks] };
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

/** Writes an alias in place of the one of its name; what was rolled back comes in again. */
export async function writeAlias(db: Database, { name, ...definition }: ModelAlias): Promise<void> {
  await db.transaction(async (transaction) => {
    await transaction
      .insert(modelAliases)
      .values({ name, definition })
      .onConflictDoUpdate({
        target: modelAliases.name,
        set: { definition, rollback: null, updatedAt: new Date() },
      });
    await announce(transaction, "catalog");
  });
}
