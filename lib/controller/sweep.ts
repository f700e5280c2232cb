import { SWEEP_INTERVAL_MS } from "@/lib/limits";
import { log } from "@/lib/telemetry/log";

/** Runs `sweep` again and again, never two at once, until the returned function is called. */
export function startSweeper(sweep: () => Promise<void>): () => void {
  let isRunning = false;
  const timer = setInterval(() => {
    if (isRunning) return;
    isRunning = true;
    sweep()
      .catch((error: unknown) => log.warn({ err: error }, "sweep failed; the next one tries again"))
      .finally(() => {
        isRunning = false;
      });
  }, SWEEP_INTERVAL_MS);
  timer.unref();
  return () => clearInterval(timer);
}
