import { log } from "@/lib/telemetry/log";

/** Runs `sweep` every `intervalMs`, again and again, never two at once, until the returned function is called. */
export function startSweeper(sweep: () => Promise<void>, intervalMs: number): () => void {
  let isRunning = false;
  const timer = setInterval(() => {
    if (isRunning) return;
    isRunning = true;
    sweep()
      .catch((error: unknown) => log.warn({ err: error }, "sweep failed; the next one tries again"))
      .finally(() => {
        isRunning = false;
      });
  }, intervalMs);
  timer.unref();
  return () => clearInterval(timer);
}
