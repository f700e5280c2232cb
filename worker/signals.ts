import type { EventEmitter } from "node:events";
import { SAME_SIGNAL_MS } from "@/lib/limits";

/** The parts of `process` that tell it to stop. */
export type Told = Pick<EventEmitter, "on"> & {
  send?: unknown;
  connected?: boolean | undefined;
  exit(code: number): unknown;
};

/** What a shell reports for a process ended by SIGINT. */
const INTERRUPTED = 130;

/**
 * A signal that aborts when this process should stop: on SIGTERM, on SIGINT, or when the parent that
 * forked it is gone. Being told twice means now. With a parent SIGINT is left to it: Ctrl-C reaches the
 * whole process group, and the parent stops its children in order.
 */
export function untilTold(told: Told, nowMs = () => performance.now()): AbortSignal {
  const abort = new AbortController();
  let toldAtMs = Number.NEGATIVE_INFINITY;
  const stop = () => {
    // Some versions of npm pass on a Ctrl-C that the terminal has sent us already.
    const isSame = nowMs() - toldAtMs < SAME_SIGNAL_MS;
    if (abort.signal.aborted && !isSame) told.exit(INTERRUPTED);
    toldAtMs = nowMs();
    abort.abort();
  };
  const hasParent = told.send !== undefined;
  told.on("SIGTERM", stop);
  told.on("SIGINT", hasParent ? () => undefined : stop);
  if (hasParent) told.on("disconnect", () => abort.abort());
  // The parent may have died while this program was still being loaded.
  if (hasParent && told.connected === false) abort.abort();
  return abort.signal;
}
