import { and, eq, inArray, isNotNull, isNull, lt, sql } from "drizzle-orm";
import type { Database } from "@/lib/db/client";
import { modelLedger } from "@/lib/db/schema/boards";
import { models } from "@/lib/db/schema/models";
import { enterLedger } from "./enter-ledger";

/**
 * Models that are drawn no more. One that nobody offered for long comes back with the first worker that offers it;
 * one that an operator retired, when an operator says so: workers register anew for reasons of their own, and
 * would undo that.
 */

/** Who retired a model, as its entry says (`facts.by`). */
export type RetiredBy = "absence" | "operator";

/** @returns the model's id where that changed anything. */
export async function setRetired(
  db: Database,
  name: string,
  isRetired: boolean,
): Promise<string | undefined> {
  const [row] = await db
    .update(models)
    .set({ retiredAt: isRetired ? sql`now()` : null })
    .where(
      and(
        eq(models.name, name),
        isRetired ? isNull(models.retiredAt) : isNotNull(models.retiredAt),
      ),
    )
    .returning({ id: models.id });
  if (row === undefined) return undefined;
  await enterLedger(db, {
    ...{ kind: isRetired ? "retired" : "returned", modelIds: [row.id] },
    facts: { by: "operator" },
  });
  return row.id;
}

/** Retires the models that no worker has offered for so many days. @returns their names. */
export async function retireAbsent(db: Database, days: number): Promise<string[]> {
  const rows = await db
    .update(models)
    .set({ retiredAt: sql`now()` })
    .where(
      and(
        isNull(models.retiredAt),
        // Without it: a registration of before it was kept, which wrote the other.
        lt(
          sql`coalesce(${models.lastOfferedAt}, ${models.updatedAt})`,
          sql`now() - make_interval(days => ${days})`,
        ),
      ),
    )
    .returning({ id: models.id, name: models.name });
  const modelIds = rows.map(({ id }) => id);
  await enterLedger(db, { kind: "retired", modelIds, facts: { by: "absence", days } });
  return rows.map(({ name }) => name);
}

/** Of these models, which a worker offers, those that were retired for their absence are back. */
export async function returnOffered(db: Database, modelIds: readonly string[]): Promise<void> {
  if (modelIds.length === 0) return;
  const lastRetired = db
    .select({ by: sql`${modelLedger.facts} ->> 'by'` })
    .from(modelLedger)
    .where(and(eq(modelLedger.modelId, models.id), eq(modelLedger.kind, "retired")))
    .orderBy(sql`${modelLedger.createdAt} desc`)
    .limit(1);
  const rows = await db
    .update(models)
    .set({ retiredAt: null })
    .where(
      and(
        inArray(models.id, [...modelIds]),
        isNotNull(models.retiredAt),
        sql`(${lastRetired}) is distinct from 'operator'`,
      ),
    )
    .returning({ id: models.id });
  const returned = rows.map(({ id }) => id);
  await enterLedger(db, { kind: "returned", modelIds: returned, facts: { by: "offer" } });
}
