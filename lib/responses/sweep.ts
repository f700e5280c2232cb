import type { Database } from "@/lib/db/client";
import { SWEEP_INTERVAL_MS } from "@/lib/fleet-limits";
import { RESPONSE_PRUNE_BATCH, RESPONSE_PRUNE_INTERVAL_MS } from "@/lib/limits";
import { log } from "@/lib/telemetry/log";
import { wait } from "@/lib/util/wait";
import { failStale, pruneResponses } from "./store";

const DIED = "The server that was making this response stopped working. Create it again.";

/** Ends responses whose process died and deletes those that are too old, until the signal aborts. */
export async function sweepResponses(db: Database, signal: AbortSignal): Promise<void> {
  let prunedMs = Number.NEGATIVE_INFINITY;
  while (!signal.aborted) {
    try {
      const count = await failStale(db, DIED);
      if (count > 0) log.warn({ count }, "responses of a dead process ended");
      if (performance.now() - prunedMs > RESPONSE_PRUNE_INTERVAL_MS) {
        const deleted = await pruneResponses(db);
        if (deleted > 0) log.info({ count: deleted }, "old responses deleted");
        // A full batch says that there may be more.
        if (deleted < RESPONSE_PRUNE_BATCH) prunedMs = performance.now();
      }
    } catch (error) {
      if (signal.aborted) return;
      log.warn({ err: error }, "sweeping responses failed; the next round tries again");
    }
    await wait(SWEEP_INTERVAL_MS, signal).catch(() => {
      // Aborted: the loop's condition says so too.
    });
  }
}
