import type { Controller } from "@/lib/controller/controller";
import type { Likeness, Wanted } from "@/lib/controller/explain-absence";
import type { Reservation } from "@/lib/controller/places";
import type { DispatchAsk } from "@/lib/controller/policies/policy";
import { env } from "@/lib/env";
import { AppError, isAppError } from "@/lib/errors";
import { NO_WORKER_RETRY_AFTER_SECONDS, PICTURE_INTERVAL_MS } from "@/lib/fleet-limits";
import { GENERATION_MS_MAX, OVERLOADED_RETRY_AFTER_SECONDS } from "@/lib/limits";
import type { Via } from "@/lib/protocol/via";
import type { ModelFeature } from "@/lib/protocol/worker-card";
import { log } from "@/lib/telemetry/log";
import type { Meter } from "@/lib/usage/meter";
import { type StopSignal, toAbortSignal } from "@/lib/util/stop";
import { wait } from "@/lib/util/wait";
import { admissionOf } from "./admission";
import { gatewayMetrics } from "./gateway-metrics";
import { blame, toClientError } from "./worker-fault";

export type Attempts = {
  controller: Controller;
  requestId: string | undefined;
  model: string;
  /** Those that led to the model (usage/meter.ts, `admit`). */
  names: readonly string[];
  /** All that the model must be able to do. */
  features: readonly ModelFeature[];
  signal: StopSignal;
  /** Undefined for what is nobody's request, as when a page counts tokens. */
  meter: Meter | undefined;
  /** False for what a worker answers between its work, as the counting of tokens: it never waits for a place. */
  takesSlot?: boolean | undefined;
  /** Asked first, while it has a free slot. */
  preferredWorkerId?: string | undefined;
  /** Part of a request that has had a place before: goes before the caller's other requests. */
  isUnderWay?: boolean | undefined;
  /**
   * How long it may wait for a place; unless given, as long as any, and what is under way as long as its
   * request lasts. With 0 a full model is `overloaded` at once.
   */
  waitMsMax?: number | undefined;
  /** Nobody waits for it: it takes a place only where a slot stays free beside it. */
  leavesRoom?: boolean | undefined;
  /** By way of which Parleys it came here: none of them is asked. */
  via?: Via | undefined;
  /** The rest of an answer that one began: who is to go on with it. */
  like?: Likeness | undefined;
  /** What of the request bears upon which worker is chosen. */
  ask?: DispatchAsk | undefined;
  /** Tokens that it may come to, by a guess; see Wanted. */
  tokens?: number | undefined;
};

/**
 * Tries `attempt` at one worker after another until one succeeds, the client has left, the fault is in
 * the request, or enough were tried. It waits its turn for each (`admission.ts`). The place at a worker
 * stays taken for the winner to release.
 *
 * @throws AppError
 */
export async function tryWorkers<T>(
  attempts: Attempts,
  attempt: (reservation: Reservation) => Promise<T>,
): Promise<T> {
  const { model, names, signal, meter, isUnderWay = false } = attempts;
  if (meter?.gate && !isUnderWay) await meter.gate(model);
  meter?.admit(model, names);
  // What stands in its way are often other parts of its own request: refused for their length, it would
  // take them down with it. The request's own time ends its signal.
  const waitMsMax =
    attempts.waitMsMax ?? (isUnderWay ? GENERATION_MS_MAX : env().PARLEY_ADMISSION_WAIT_MS);
  const untilMs = performance.now() + waitMsMax;
  for (;;) {
    try {
      return await tryEach(attempts, attempt, untilMs);
    } catch (error) {
      const isFull = isAppError(error) && error.code === "overloaded";
      const isOver = performance.now() + PICTURE_INTERVAL_MS >= untilMs;
      if (!isUnderWay || !isFull || isOver) throw error;
      // A worker's own room keeps nobody longer than PARLEY_ADMISSION_WAIT_MS.
      await wait(PICTURE_INTERVAL_MS, toAbortSignal(signal));
    }
  }
}

/** Once at each of a few workers. */
async function tryEach<T>(
  attempts: Attempts,
  attempt: (reservation: Reservation) => Promise<T>,
  untilMs: number,
): Promise<T> {
  const { controller, requestId, model, signal, meter } = attempts;
  const { features, via, like, tokens } = attempts;
  const wanted: Wanted = { model, features, via, like, tokens };
  const passedOver = new Set<string>();
  const errors: AppError[] = [];
  let tooLong: AppError | undefined;
  while (errors.length < env().PARLEY_DISPATCH_ATTEMPTS_MAX) {
    signal.throwIfAborted();
    const reservation = await reserve(attempts, { wanted, passedOver, untilMs });
    if (reservation === undefined) break;
    meter?.serve({ model, workerId: reservation.workerId });
    try {
      const outcome = await attempt(reservation);
      // If nothing told before: an answer is the best sign of life.
      reservation.started();
      return outcome;
    } catch (thrown) {
      const error = toClientError(thrown);
      if (isFaultOfWorker(thrown, error, attempts)) blame(reservation, thrown);
      reservation.release();
      signal.throwIfAborted();
      const { contextLength } = reservation.offer;
      if (error.code === "context-length-exceeded" && controller.holdsMore(wanted, contextLength)) {
        // The guess was wrong; what is known now is that it takes a longer one.
        wanted.contextOver = contextLength;
        tooLong = error;
        continue;
      }
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
  if (errors.length === 0 && tooLong !== undefined) throw tooLong;
  throw toOutcome(errors, model);
}

/** A client that left is none, nor a mistake in our own process. */
function isFaultOfWorker(thrown: unknown, { code }: AppError, { signal, takesSlot }: Attempts) {
  if (signal.aborted || !isAppError(thrown)) return false;
  // What is answered between other work may come late at a worker that is well.
  return takesSlot !== false || code !== "timeout";
}

type Reserving = { wanted: Wanted; passedOver: ReadonlySet<string>; untilMs: number };

async function reserve(
  attempts: Attempts,
  { wanted, passedOver, untilMs }: Reserving,
): Promise<Reservation | undefined> {
  const { controller, signal, meter, ask } = attempts;
  if (attempts.takesSlot === false) return controller.visit(wanted, passedOver);
  const current = controller.whenCurrent();
  if (current) await current;
  const sinceMs = performance.now();
  const entered = admissionOf(controller).enter({
    ...{ wanted: { ...wanted }, passedOver, ask, signal, lane: meter?.caller.owner ?? "" },
    preferredId: attempts.preferredWorkerId,
    // Who was turned away by a worker has waited before.
    isUnderWay: attempts.isUnderWay === true || passedOver.size > 0,
    waitMsMax: untilMs - performance.now(),
    leavesRoom: attempts.leavesRoom,
  });
  if (!(entered instanceof Promise)) return entered;
  try {
    return await entered;
  } finally {
    meter?.waited(performance.now() - sinceMs);
  }
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
