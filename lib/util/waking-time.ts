const TICK_MS = 50;

/**
 * Calls `then` once `ms` of this process's waking time have passed. A process that is busy for a second
 * hears of nothing in it, and would take what answered long ago for late: each tick of a clock counts for
 * no more than its own length, however long the process was away from it.
 *
 * @returns cancels it.
 */
export function afterWakingTime(ms: number, then: () => void): () => void {
  let left = Math.ceil(ms / TICK_MS);
  const timer = setInterval(() => {
    left -= 1;
    if (left > 0) return;
    clearInterval(timer);
    then();
  }, TICK_MS);
  timer.unref();
  return () => clearInterval(timer);
}
