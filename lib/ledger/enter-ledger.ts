import { eq, or, sql } from "drizzle-orm";
import type { Database } from "@/lib/db/client";
import { ballots } from "@/lib/db/schema/ballots";
import { type LEDGER_KINDS, modelLedger } from "@/lib/db/schema/boards";

export type LedgerKind = (typeof LEDGER_KINDS)[number];

export type LedgerEntry = {
  kind: LedgerKind;
  modelIds: readonly string[];
  /** What else is to be remembered of the moment; the votes are added. */
  facts?: Record<string, string | number>;
};

/**
 * Writes down what became of models, with the counted votes that each of them has at the moment. To be called in
 * the transaction in which it becomes so. The database refuses to change or to remove what stands there.
 */
export async function enterLedger(
  db: Database,
  { kind, modelIds, facts = {} }: LedgerEntry,
): Promise<void> {
  if (modelIds.length === 0) return;
  await db.insert(modelLedger).values(
    modelIds.map((modelId) => ({
      ...{ modelId, kind },
      facts: sql`${JSON.stringify(facts)}::text::jsonb || jsonb_build_object('votes', ${countVotes(db, modelId)})`,
      // Not the transaction's moment: it may have waited for others since.
      createdAt: sql`clock_timestamp()`,
    })),
  );
}

/** Two indexes, each over the counted votes with the model on one side. */
function countVotes(db: Database, modelId: string) {
  return db
    .select({ count: sql`count(*)` })
    .from(ballots)
    .where(
      sql`${ballots.counted} and ${or(eq(ballots.modelAId, modelId), eq(ballots.modelBId, modelId))}`,
    );
}
