import type { EventEmitter } from "node:events";

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
export function untilTold(told: Told): AbortSignal {
  const abort = new AbortController();
  const stop = () => {
    if (abort.signal.aborted) told.exit(INTERRUPTED);
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
