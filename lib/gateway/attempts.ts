import type { Controller, Reservation } from "@/lib/controller/controller";
import { AppError } from "@/lib/errors";
import {
  DISPATCH_ATTEMPTS_MAX,
  NO_WORKER_RETRY_AFTER_SECONDS,
  OVERLOADED_RETRY_AFTER_SECONDS,
} from "@/lib/limits";
import type { ModelFeature } from "@/lib/protocol/worker-card";
import { log } from "@/lib/telemetry/log";
import type { Meter } from "@/lib/usage/meter";
import { gatewayMetrics } from "./gateway-metrics";
import { isWorkerDown, toClientError } from "./worker-fault";

export type Attempts = {
  controller: Controller;
  requestId: string | undefined;
  model: string;
  /** All that the model must be able to do. */
  features: readonly ModelFeature[];
  signal: AbortSignal;
  /** Undefined for what is nobody's request, as when a page counts tokens. */
  meter: Meter | undefined;
};

/**
 * Tries `attempt` at one worker after another until one succeeds, the client has left, the fault is in
 * the request, or enough were tried. The place at a worker stays taken for the winner to release.
 *
 * @throws AppError
 */
export async function tryWorkers<T>(
  { controller, requestId, model, features, signal, meter }: Attempts,
  attempt: (reservation: Reservation) => Promise<T>,
): Promise<T> {
  meter?.admit(model);
  const passedOver = new Set<string>();
  const errors: AppError[] = [];
  while (errors.length < DISPATCH_ATTEMPTS_MAX) {
    signal.throwIfAborted();
    const reservation = await controller.reserve({ model, features }, passedOver);
    if (reservation === undefined) break;
    meter?.serve({ model, workerId: reservation.workerId });
    try {
      return await attempt(reservation);
    } catch (thrown) {
      reservation.release();
      signal.throwIfAborted();
      const error = toClientError(thrown);
      if (isWorkerDown(error)) controller.suspect(reservation.workerId);
      if (!error.retryable) throw error;
      passedOver.add(reservation.workerId);
      errors.push(error);
      gatewayMetrics.failovers.inc({ code: error.code });
      log.warn(
        { requestId, workerId: reservation.workerId, code: error.code },
        "worker passed over",
      );
    }
  }
  throw toOutcome(errors, model);
}

/** One worker that was merely full says more to a client than another that was down: it pays to wait. */
function toOutcome(errors: AppError[], model: string): AppError {
  const full = errors.filter((error) => error.code === "overloaded");
  if (full.length > 0) {
    const waits = full.map((error) => error.retryAfterSeconds ?? OVERLOADED_RETRY_AFTER_SECONDS);
    return new AppError("overloaded", {
      message: `Every worker of the model \`${model}\` is busy. Try again in a moment.`,
      retryAfterSeconds: Math.min(...waits),
      cause: full[0],
    });
  }
  const last = errors.at(-1);
  return new AppError(last?.code ?? "no-worker", {
    message: last?.message ?? `No worker of the model \`${model}\` answered. Try again.`,
    retryAfterSeconds: last?.retryAfterSeconds ?? NO_WORKER_RETRY_AFTER_SECONDS,
    cause: last,
  });
}
