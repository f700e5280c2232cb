import { isAppError } from "@/lib/errors";
import { PROBE_MS_MAX, PROBES_MAX, WORKER_STALE_AFTER_MS } from "@/lib/limits";
import { workerClient } from "@/lib/protocol/worker-client";

/** A worker as its row describes it. */
export type Probed = { id: string; address: string; instanceId: string };
/** Whether the worker lives. */
export type Probe = (worker: Probed) => Promise<boolean>;

/** Asks at the worker's address. On a port that another program, or a later life, has taken, nobody answers by this name. */
export async function probeWorker({ address, instanceId }: Probed): Promise<boolean> {
  try {
    const health = await workerClient().health(address, {
      signal: AbortSignal.timeout(PROBE_MS_MAX),
    });
    return health.instanceId === instanceId;
  } catch (error) {
    if (!isAppError(error)) throw error;
    return false;
  }
}

/**
 * Ids of workers that are awake by their rows, have been silent for too long, and do not answer now.
 * One that is wrongly among them, such as one beyond `PROBES_MAX`, registers anew with its next beat.
 */
export async function findUnreachable(
  rows: readonly (Probed & { state: string; silentMs: number })[],
  probe: Probe,
): Promise<string[]> {
  const doubtful = rows
    .filter(({ state, silentMs }) => {
      const isAwake = state === "ready" || state === "draining";
      return isAwake && silentMs > WORKER_STALE_AFTER_MS;
    })
    .toSorted((one, other) => one.silentMs - other.silentMs);
  const alive = await Promise.all(
    doubtful.slice(0, PROBES_MAX).map(async (worker) => ((await probe(worker)) ? worker.id : "")),
  );
  return doubtful.map(({ id }) => id).filter((id) => !alive.includes(id));
}
