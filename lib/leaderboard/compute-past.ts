import { setTimeout as delay } from "node:timers/promises";
import { announce } from "@/lib/db/change-feed";
import type { Database } from "@/lib/db/client";
import { BOARDS_REST } from "@/lib/job-limits";
import type { BoardComputer } from "./board-engine";
import { PAST_KEYS } from "./past-days";

/**
 * Computes the past that votes bring along which were moved in: the newest day first, one board after the other,
 * with rests in between, since nobody waits for it. What is broken off goes on where it was.
 */
export async function computePast(
  db: Database,
  computer: BoardComputer,
  signal: AbortSignal,
): Promise<void> {
  for (const key of PAST_KEYS) {
    let day: number | undefined;
    let isChanged = false;
    for (;;) {
      const beganMs = performance.now();
      day = await computer.computePast(key, day, signal);
      if (day === undefined) break;
      isChanged = true;
      const tookMs = performance.now() - beganMs;
      await delay(tookMs * BOARDS_REST, undefined, { signal });
    }
    if (isChanged) await announce(db, "boards");
  }
}
