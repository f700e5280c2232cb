import { isAppError } from "@/lib/errors";
import { askStatus } from "@/lib/fastchat/ask-worker";
import type { WorkerKind } from "@/lib/protocol/worker-card";
import { workerClient } from "@/lib/protocol/worker-client";

/** A worker as its row describes it. */
export type Probed = { id: string; kind: string; address: string; instanceId: string };

/**
 * What a worker that was asked at its address says: its state; or that another life has the address; or
 * nothing, where `refused` means that nothing listens there and `silent` that nobody can tell.
 */
export type ProbeOutcome =
  | ("starting" | "ready" | "draining")
  | ("another-life" | "refused" | "silent");

/** Asks one worker; settles soon after the signal aborts, and never throws for what the worker does. */
export type Probe = (worker: Probed, signal: AbortSignal) => Promise<ProbeOutcome>;

/** What a connection is refused with where nothing listens; any other failure may pass by itself. */
const NOBODY_THERE: ReadonlySet<unknown> = new Set(["ECONNREFUSED", "ENOTFOUND"]);

const STATES = { loading: "starting", ready: "ready", draining: "draining" } as const;

/** Asks in our own protocol. On a port that another program, or a later life, has taken, nobody answers by this name. */
export const probeWorker: Probe = async ({ address, instanceId }, signal) => {
  try {
    const health = await workerClient().health(address, { signal });
    return health.instanceId === instanceId ? STATES[health.state] : "another-life";
  } catch (error) {
    return toOutcome(error);
  }
};

/** Asks in FastChat's protocol, in which a worker has no name of its own: whichever life answers is it. */
export const probeFastchatWorker: Probe = async ({ address }, signal) => {
  try {
    await askStatus(address, { signal });
    return "ready";
  } catch (error) {
    return toOutcome(error);
  }
};

function toOutcome(error: unknown): ProbeOutcome {
  if (!isAppError(error)) throw error;
  const { cause } = error;
  const code = cause instanceof Error && "code" in cause ? cause.code : undefined;
  return NOBODY_THERE.has(code) ? "refused" : "silent";
}

/** Every kind and how it is asked. */
export const PROBES: Record<WorkerKind, Probe> = {
  onnx: probeWorker,
  mock: probeWorker,
  vllm: probeWorker,
  "openai-compatible": probeWorker,
  huggingface: probeWorker,
  external: probeWorker,
  custom: probeWorker,
  parley: probeWorker,
  fastchat: probeFastchatWorker,
};

/** By its kind; a kind of a newer version, in our own protocol. */
export const probeByKind: Probe = (worker, signal) =>
  (Object.hasOwn(PROBES, worker.kind) ? PROBES[worker.kind as WorkerKind] : probeWorker)(
    worker,
    signal,
  );
