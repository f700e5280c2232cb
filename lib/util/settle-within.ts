import { setTimeout as delay } from "node:timers/promises";

/** Ends when all of `promises` have resolved or rejected, or after `ms` milliseconds, and never throws. */
export async function settleWithin(
  promises: readonly Promise<unknown>[],
  ms: number,
): Promise<void> {
  const late = new AbortController();
  const settled = Promise.allSettled(promises);
  // Ended by the abort below where the others were earlier.
  const limit = delay(ms, undefined, { signal: late.signal }).catch(() => undefined);
  await Promise.race([settled, limit]);
  late.abort();
}
