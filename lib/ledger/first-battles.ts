import { and, eq, inArray, sql } from "drizzle-orm";
import { LEDGER_MODELS_REMEMBERED_MAX } from "@/lib/arena-limits";
import type { Database } from "@/lib/db/client";
import { modelLedger } from "@/lib/db/schema/boards";
import { processSingleton } from "@/lib/util/process-singleton";
import { enterLedger } from "./enter-ledger";

/** Any number that no other lock of this database uses. */
const FIRST_BATTLE_LOCK = 0x6672_7374;

/** Models whose first battle is known to stand in the ledger, where it stays: the others cost a battle a query. */
const remembered = () => processSingleton("first-battles", () => new Set<string>());

/**
 * Enters the first battle of those of `modelIds` that have had none. To be called in the transaction that writes the
 * battle; `rememberBattle` afterwards spares later battles the question.
 */
export async function enterFirstBattles(db: Database, modelIds: readonly string[]): Promise<void> {
  const unsure = [...new Set(modelIds)].filter((id) => !remembered().has(id));
  if ((await findMissing(db, unsure)).length === 0) return;
  // Two first battles at once: the second one waits, and then finds the entry of the first.
  await db.execute(sql`select pg_advisory_xact_lock(${FIRST_BATTLE_LOCK})`);
  await enterLedger(db, { kind: "first-battle", modelIds: await findMissing(db, unsure) });
}

/** The battle of these models is written: their entries will be there for good. */
export function rememberBattle(modelIds: readonly string[]): void {
  if (remembered().size >= LEDGER_MODELS_REMEMBERED_MAX) remembered().clear();
  for (const id of modelIds) remembered().add(id);
}

async function findMissing(db: Database, modelIds: readonly string[]): Promise<string[]> {
  if (modelIds.length === 0) return [];
  const rows = await db
    .select({ modelId: modelLedger.modelId })
    .from(modelLedger)
    .where(and(eq(modelLedger.kind, "first-battle"), inArray(modelLedger.modelId, [...modelIds])));
  const entered = new Set(rows.map(({ modelId }) => modelId));
  return modelIds.filter((id) => !entered.has(id));
}
