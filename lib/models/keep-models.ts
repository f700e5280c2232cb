import {
  MODEL_KEEPING_SECONDS,
  MODEL_KEEPING_SETTLED_MS,
  RETIRED_AFTER_DAYS,
} from "@/lib/arena-limits";
import { type Database, database } from "@/lib/db/client";
import { jobs } from "@/lib/jobs/jobs";
import { retireAbsent } from "@/lib/ledger/retirement";
import { log } from "@/lib/telemetry/log";
import { touchOffered } from "./store";

/**
 * Keeps what is known of models up to date: which are offered, and which have not been for so long that they are
 * retired.
 *
 * @param upMs how long this process has run: one that has just started may not have heard of its workers yet.
 */
export async function keepModels(
  { upMs }: { upMs: number },
  db: Database = database(),
): Promise<void> {
  // Half of it, so that a run that is a little early does not leave a whole turn out.
  await touchOffered(db, MODEL_KEEPING_SECONDS / 2);
  if (upMs < MODEL_KEEPING_SETTLED_MS) return;
  const models = await db.transaction((transaction) =>
    retireAbsent(transaction, RETIRED_AFTER_DAYS),
  );
  for (const model of models) log.info({ model }, "nobody offers the model any more: retired");
}

/** This process takes its turn in keeping models. */
export function startKeepingModels(): void {
  jobs().every("keep-models", { seconds: MODEL_KEEPING_SECONDS }, () =>
    keepModels({ upMs: process.uptime() * 1_000 }),
  );
}
