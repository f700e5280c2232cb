import { setImmediate } from "node:timers/promises";
import { TOPIC_STEP_MS } from "@/lib/topic-limits";

/** Awaited in the midst of long work: what else waits in this process has its turn. */
export type Breathe = () => Promise<void> | undefined;

/** @throws the signal's reason, once it is aborted. */
export function createBreathe(signal?: AbortSignal): Breathe {
  let sinceMs = performance.now();
  return () => {
    if (performance.now() - sinceMs < TOPIC_STEP_MS) return undefined;
    return setImmediate().then(() => {
      signal?.throwIfAborted();
      sinceMs = performance.now();
    });
  };
}
