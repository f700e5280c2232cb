import { paths } from "@/lib/paths";
import type { WorkerHealth } from "@/lib/protocol/worker-error";

/** What a path says of this worker's life to whoever asks, and whether that is good news. */
export type Health = { isWell: boolean; body: object };

/**
 * `/health`: its state and which life this is, for web processes. `/healthz`: the process answers, whatever
 * its models do. `/readyz`: it takes requests, or why not. Undefined for other paths.
 */
export function describeHealth(path: string, health: WorkerHealth): Health | undefined {
  const { state } = health;
  const isReady = state === "ready";
  switch (path) {
    case paths.worker.health:
      return { isWell: isReady, body: health };
    case paths.worker.healthz:
      return { isWell: true, body: { status: "ok" } };
    case paths.worker.readyz:
      return isReady
        ? { isWell: true, body: { status: "ready" } }
        : { isWell: false, body: { status: "not-ready", reason: state } };
    default:
      return undefined;
  }
}
