import type { Reservation } from "@/lib/controller/places";
import { isAppError } from "@/lib/errors";
import type { Attempts } from "./attempts";
import { lifeSigns } from "./life-signs";

/** Whether a worker is awake that could take over from one that fell silent. */
export async function hasElsewhere(
  { controller, model, features, via, like }: Attempts,
  { workerId }: Reservation,
): Promise<boolean> {
  try {
    const wanted = { model, features, via, like };
    return (await controller.visit(wanted, new Set([workerId]))) !== undefined;
  } catch (error) {
    if (!isAppError(error)) throw error;
    return false;
  }
}

/**
 * A call of which nothing is heard before its end: it is given up when its worker is, and another one asked.
 *
 * @param call hears by its signal that it is given up, or that the request is
 */
export async function whileAlive<T>(
  reservation: Reservation,
  attempts: Attempts,
  call: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const { signal } = attempts;
  const abort = new AbortController();
  const onAbort = () => abort.abort(signal.reason);
  signal.addEventListener("abort", onAbort, { once: true });
  if (signal.aborted) onAbort();
  const { workerId: id, kind, address, instanceId } = reservation;
  const stop = lifeSigns().watch({
    worker: { id, kind, address, instanceId },
    waitingSinceMs: performance.now(),
    hasElsewhere: () => hasElsewhere(attempts, reservation),
    giveUp: (error) => abort.abort(error),
  });
  try {
    return await call(abort.signal);
  } finally {
    stop();
    signal.removeEventListener("abort", onAbort);
  }
}
