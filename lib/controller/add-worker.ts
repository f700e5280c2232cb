import type { Database } from "@/lib/db/client";
import { AppError, isAppError } from "@/lib/errors";
import { WORKER_CALL_MS_MAX } from "@/lib/limits";
import type { WorkerCard } from "@/lib/protocol/worker-card";
import { workerClient } from "@/lib/protocol/worker-client";
import { log } from "@/lib/telemetry/log";
import { parseAddress, registerWorker } from "./register";
import type { KnownWorker } from "./worker-picture";

export type AddedWorker = { id: string; address: string; card: WorkerCard };

/**
 * Registers a worker that cannot reach the web: it is asked at `address` who it is and what it offers, and
 * from then on whether it lives.
 *
 * @throws AppError `invalid-request`; what the worker answers, or that it does not.
 */
export async function addWorker(
  db: Database,
  address: string,
  secret: string,
): Promise<AddedWorker> {
  const url = parseAddress(address);
  const signal = AbortSignal.timeout(2 * WORKER_CALL_MS_MAX);
  const { instanceId, state } = await workerClient().health(url, { signal });
  if (state !== "ready") {
    const what = state === "loading" ? "is still loading its models" : "is shutting down";
    throw new AppError("unavailable", {
      message: `The worker at ${url} ${what}. Try again later.`,
    });
  }
  const card = await workerClient().card(url, { secret, signal });
  const counters = { requests: 0, failures: 0, promptTokens: 0, completionTokens: 0 };
  const load = { state, running: 0, waiting: 0, counters };
  const body = { instanceId, address: url, card, load };
  const { workerId } = await registerWorker(db, body, { tokenId: null, beats: false });
  return { id: workerId, address: url, card };
}

/**
 * A worker that never beats was started anew at its address, and cannot say so itself.
 *
 * @returns whether the new life is registered.
 */
export async function adoptNextLife(
  db: Database,
  { kind, address, tokenId, callSecret, name, order }: KnownWorker,
): Promise<boolean> {
  // FastChat's workers have no card; one that was told to leave is not wanted back.
  if (kind === "fastchat" || tokenId !== null || order === "leave") return false;
  try {
    await addWorker(db, address, callSecret);
    log.info({ worker: name, address }, "worker that does not beat was started anew");
    return true;
  } catch (error) {
    if (!isAppError(error)) throw error;
    log.debug({ worker: name, address, err: error }, "next life not registered");
    return false;
  }
}
