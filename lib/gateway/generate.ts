import type { Controller, Reservation } from "@/lib/controller/controller";
import { env } from "@/lib/env";
import { AppError, toAppError } from "@/lib/errors";
import { GENERATION_MS_MAX } from "@/lib/limits";
import type { GenerateEvent, GenerationStart } from "@/lib/protocol/generate-event";
import type { GenerateRequest } from "@/lib/protocol/generate-request";
import type { ModelFeature } from "@/lib/protocol/worker-card";
import { workerClient } from "@/lib/protocol/worker-client";
import type { Meter } from "@/lib/usage/meter";
import { assert } from "@/lib/util/assert";
import { tryWorkers } from "./attempts";
import { GenerationWatch } from "./generation-watch";
import { toClientError } from "./worker-fault";

/**
 * The one call behind every answer: choose a worker, fail over until the first token, pass the events
 * on. It resolves only when the first token (or the end of an empty answer) is there, so that whatever
 * goes wrong before is an error with a status, at a worker that a reader never heard of.
 */

export type GenerateOptions = {
  controller: Controller;
  request: GenerateRequest;
  signal: AbortSignal;
  /** What the answer is charged to. */
  meter: Meter;
  /** What the model must be able to do besides what the request shows. */
  features?: readonly ModelFeature[];
};

export type Generation = {
  /** Of the answer on the wire. */
  id: string;
  workerId: string;
  modelId: string;
  start: GenerationStart;
  /** All events, the start included. Read it, return it or abort the signal: each frees the worker. */
  events: AsyncIterable<GenerateEvent>;
};

/** @throws AppError `model-not-found`, `no-worker`, `overloaded`, `context-length-exceeded`, … */
export async function generate({
  controller,
  request,
  signal,
  meter,
  features = [],
}: GenerateOptions): Promise<Generation> {
  const watch = new GenerationWatch({ request, meter, client: signal, limitMs: GENERATION_MS_MAX });
  try {
    const { model, requestId } = request;
    const attempts = {
      controller,
      requestId,
      model,
      features: [...featuresOf(request), ...features],
      signal: watch.signal,
      meter,
    };
    const { reservation, opened } = await tryWorkers(attempts, async (reservation) => {
      watch.reserved();
      return { reservation, opened: await openAt(reservation, request, watch.signal) };
    });
    watch.onClose(reservation.release);
    watch.first(opened.start);
    // The prompt alone may pass a limit.
    if (watch.reason !== undefined) throw watch.reason;
    const { workerId, modelId } = reservation;
    const events = readable(opened, watch);
    return { id: meter.id, workerId, modelId, start: opened.start, events };
  } catch (thrown) {
    const error = toAppError(thrown);
    watch.close(error.code === "client-closed" ? "cancelled" : error.code);
    throw error;
  }
}

function featuresOf(request: GenerateRequest): ModelFeature[] {
  const { logProbabilityCount, reportPrompt, grammar, toolRequest } = request;
  const needed: [ModelFeature, boolean][] = [
    ["chat", true],
    ["log-probabilities", logProbabilityCount !== undefined || reportPrompt === true],
    ["grammar", grammar !== undefined],
    ["tools", toolRequest !== undefined],
  ];
  return needed.flatMap(([feature, isNeeded]) => (isNeeded ? [feature] : []));
}

/** A stream that got as far as its first token. */
export type OpenedStream = {
  start: GenerationStart;
  second: GenerateEvent;
  rest: AsyncIterator<GenerateEvent>;
};

async function openAt(
  { address }: Reservation,
  request: GenerateRequest,
  signal: AbortSignal,
): Promise<OpenedStream> {
  const secret = env().PARLEY_WORKER_SECRET ?? "";
  const stream = await workerClient().generate(address, request, { secret, signal });
  const rest = stream[Symbol.asyncIterator]();
  try {
    const start = await nextEvent(rest);
    // The client holds workers to the order of events.
    assert(start.type === "generation-start", "a generation starts first");
    return { start, second: await nextEvent(rest), rest };
  } catch (error) {
    await rest.return?.(undefined);
    throw error;
  }
}

/** @throws AppError when the stream ends, or says that it failed. */
async function nextEvent(events: AsyncIterator<GenerateEvent>): Promise<GenerateEvent> {
  const { done, value } = await events.next();
  if (done) throw endedEarly();
  if (value.type === "generation-error") {
    throw new AppError(value.code, { message: value.message, param: value.param });
  }
  return value;
}

/** The events with a `return` that works at once, also while the next event is being waited for. */
function readable(opened: OpenedStream, watch: GenerationWatch): AsyncIterable<GenerateEvent> {
  const events = relay(opened, watch);
  return {
    [Symbol.asyncIterator]: () => ({
      next: () => events.next(),
      return() {
        watch.close("cancelled");
        return events.return(undefined);
      },
    }),
  };
}

async function* relay(
  { start, second, rest }: OpenedStream,
  watch: GenerationWatch,
): AsyncGenerator<GenerateEvent, undefined> {
  let event = second;
  try {
    yield start;
    for (;;) {
      watch.see(event);
      if (event.type === "generation-end") break;
      yield event;
      event = await nextEvent(rest);
    }
    drain(rest);
    yield event;
  } catch (thrown) {
    // After an abort by the client the stream just ends.
    if (watch.isCancelled) return undefined;
    const isOurs = watch.reason !== undefined;
    const error = isOurs ? toAppError(watch.reason) : toClientError(thrown);
    const { code, message, param, retryable } = error;
    watch.fail(code);
    yield { type: "generation-error", code, message, ...(param && { param }), retryable };
  } finally {
    watch.close("cancelled");
    if (event.type !== "generation-end") await rest.return?.();
  }
  return undefined;
}

/** Reads what follows the last event, which is nothing, so that the connection can serve the next request. */
function drain(rest: AsyncIterator<GenerateEvent>): void {
  rest.next().catch(() => {
    // The answer is whole; a connection that breaks now is simply not used again.
  });
}

function endedEarly(): AppError {
  return new AppError("worker-lost", {
    message: "The worker stopped in the middle of the answer. Try again.",
  });
}
