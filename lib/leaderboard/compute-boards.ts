import type { Database } from "@/lib/db/client";
import { BOARD_PROGRESS_MS } from "@/lib/job-limits";
import { log } from "@/lib/telemetry/log";
import type { BoardComputer } from "./board-engine";
import { createRun, endRun, moveRun } from "./board-store";

/**
 * Computes some boards, one after the other, and writes how far it has come. One that cannot be computed
 * keeps none of the others from it.
 *
 * @throws the first board's error, when all others are done.
 */
export async function computeBoards(
  db: Database,
  computer: BoardComputer,
  { keys, isAll, signal }: { keys: readonly string[]; isAll: boolean; signal: AbortSignal },
): Promise<void> {
  const run = await createRun(db, { keys: isAll ? null : [...keys], boardsTotal: keys.length });
  const failures: unknown[] = [];
  let boardsDone = 0;
  let writtenMs = performance.now();
  try {
    for (const key of keys) {
      signal.throwIfAborted();
      try {
        await computer.compute(key, signal);
      } catch (error) {
        if (signal.aborted) throw error;
        log.error({ err: error, key }, "board not computed");
        failures.push(error);
      }
      boardsDone += 1;
      if (performance.now() - writtenMs < BOARD_PROGRESS_MS) continue;
      await moveRun(db, run, boardsDone);
      writtenMs = performance.now();
    }
    if (failures.length > 0) throw failures[0];
  } catch (error) {
    await endRun(db, run, { state: "failed", boardsDone, error: toWords(error) }).catch(() => {
      // The database is away, which the error says; the run is ended by a later one.
    });
    throw error;
  }
  await endRun(db, run, { state: "done", boardsDone });
}

const toWords = (error: unknown) => (error instanceof Error ? error.message : String(error));
