import type { Controller } from "@/lib/controller/controller";
import type { Reservation } from "@/lib/controller/places";
import { AppError, isAppError, toAppError } from "@/lib/errors";
import { GENERATION_MS_MAX } from "@/lib/limits";
import type { GenerateEvent, GenerationStart } from "@/lib/protocol/generate-event";
import type { GenerateRequest } from "@/lib/protocol/generate-request";
import type { RouteAsk } from "@/lib/protocol/routing";
import type { Via } from "@/lib/protocol/via";
import type { ModelFeature } from "@/lib/protocol/worker-card";
import type { Meter } from "@/lib/usage/meter";
import { assert } from "@/lib/util/assert";
import { tryWorkers } from "./attempts";
import { cacheSaltOf } from "./cache-salt";
import { type Called, toWorkerCall } from "./call-worker";
import type { Candidate } from "./candidate";
import { clientFor } from "./client-for";
import { GenerationWatch } from "./generation-watch";
import { router as processRouter, type Router } from "./router";
import { tryModels } from "./try-models";
import { toClientError } from "./worker-fault";

/**
 * The one call behind every answer: choose a model and a worker, fail over until the first token, pass
 * the events on. It resolves only when the first token (or the end of an empty answer) is there, so that
 * whatever goes wrong before is an error with a status, at a worker that a reader never heard of.
 */

export type GenerateOptions = {
  controller: Controller;
  request: GenerateRequest;
  signal: AbortSignal;
  /** What the answer is charged to. */
  meter: Meter;
  /** What the model must be able to do besides what the request shows. */
  features?: readonly ModelFeature[];
  /** Which models may answer where `request.model` cannot, and what `auto` keeps to. */
  route?: RouteAsk;
  /** Tokens of an answer at most, where neither the request nor the model's keeper says. */
  maxTokensUnsaid?: number;
  /** This model and no other, whatever `request.model` says. */
  pinned?: Candidate;
  /** Asked first, while it has a free slot. */
  preferredWorkerId?: string;
  /** Part of a request that has an answer under way. */
  isUnderWay?: boolean;
  /** Whose prompts may share keys and values with this one; unless given, those of the same caller. */
  cacheScope?: string;
  /** By performance.now(): when the request ends, this answer included. Unless given, GENERATION_MS_MAX from now. */
  endsMs?: number;
  /** The request is a copy itself, and gets none. */
  isMirror?: boolean;
  /** By way of which Parleys it came here. */
  via?: Via | undefined;
  router?: Router;
};

export type Generation = {
  /** Of the answer on the wire. */
  id: string;
  workerId: string;
  modelId: string;
  /** Who answers, as one that further answers to the same request can be pinned to. */
  candidate: Candidate;
  /** Its name. */
  model: string;
  /** Why it answers, in a sentence; undefined for the very model that was asked for. */
  why: string | undefined;
  start: GenerationStart;
  /** All events, the start included. Read it, return it or abort the signal: each frees the worker. */
  events: AsyncIterable<GenerateEvent>;
};

/** @throws AppError `model-not-found`, `no-worker`, `overloaded`, `context-length-exceeded`, … */
export async function generate(options: GenerateOptions): Promise<Generation> {
  const { controller, request, signal, meter, pinned, route: ask = {} } = options;
  const features = [...featuresOf(request), ...(options.features ?? [])];
  const { endsMs = performance.now() + GENERATION_MS_MAX } = options;
  // Asked for late: what is pinned needs none.
  const findRouter = () => options.router ?? processRouter();
  const { candidates, mirrors } = pinned
    ? { candidates: [pinned], mirrors: [] }
    : await findRouter().plan({
        ...{ controller, asked: request.model, ask, features, meter, isDrawn: true },
      });
  const { requestId } = request;
  const { answer, candidate, why } = await tryModels(
    { controller, candidates, signal, requestId },
    (candidate, { mayWait }) => {
      const limitMs = Math.max(1, endsMs - performance.now());
      const waits = mayWait && options.isMirror !== true ? {} : { waitMsMax: 0 };
      return generateAt(candidate, { ...options, features, limitMs, findRouter, ...waits });
    },
  );
  if (isAppError(answer)) throw answer;
  mirror(mirrors, { ...options, features });
  return { ...answer, candidate, model: candidate.model, why };
}

/** Sends copies of the request as it stands, now that they are in nobody's way. */
function mirror(models: readonly string[], options: GenerateOptions): void {
  if (models.length === 0 || options.isMirror) return;
  const { controller, request, features = [], maxTokensUnsaid } = options;
  const { router = processRouter() } = options;
  const { requestId, model: asked } = request;
  for (const model of models) {
    router.mirrors.begin({ model, asked, requestId }, (meter, signal) => {
      const copy = { controller, meter, signal, request: { ...request, model } };
      const said = maxTokensUnsaid === undefined ? {} : { maxTokensUnsaid };
      return generate({ ...copy, ...said, features, router, isMirror: true });
    });
  }
}

type AtOptions = GenerateOptions & {
  limitMs: number;
  findRouter: () => Router;
  waitMsMax?: number;
};
type AtModel = Omit<Generation, "candidate" | "model" | "why">;

/** @returns an error where a limit is passed by the first token: no other model is tried after it. */
async function generateAt(candidate: Candidate, options: AtOptions): Promise<AtModel | AppError> {
  const { controller, signal, meter, features = [], limitMs, findRouter } = options;
  const { model, names, targets } = candidate;
  const { preferredWorkerId, isUnderWay, cacheScope: scope, via } = options;
  const cacheSalt = cacheSaltOf({ owner: meter.caller.owner, scope });
  const request = { ...toRequestOf(candidate, options), cacheSalt };
  const ended = (outcome: string) => {
    if (targets.length > 0) findRouter().sawOutcome(candidate, outcome);
  };
  const watch = new GenerationWatch({ request, meter, client: signal, limitMs, ended });
  try {
    const { requestId } = request;
    const attempts = {
      ...{ controller, requestId, model, names, features, signal: watch.signal, meter },
      ...{ waitMsMax: options.waitMsMax, preferredWorkerId, isUnderWay, via },
      leavesRoom: options.isMirror,
    };
    const { reservation, opened } = await tryWorkers(attempts, async (reservation) => {
      watch.reserved();
      const called = { requestId, signal: watch.signal, via };
      return { reservation, opened: await openAt(reservation, request, called) };
    });
    watch.onClose(reservation.release);
    watch.first(opened.start);
    // The prompt alone may pass a limit.
    if (watch.reason !== undefined) {
      const error = toAppError(watch.reason);
      watch.close(error.code);
      return error;
    }
    const { workerId, modelId } = reservation;
    const events = readable(opened, watch);
    return { id: meter.id, workerId, modelId, start: opened.start, events };
  } catch (thrown) {
    const error = toAppError(thrown);
    watch.close(error.code === "client-closed" ? "cancelled" : error.code);
    throw error;
  }
}

/** The request as this model gets it: under its name, with what operators set where nothing was said. */
function toRequestOf(
  { model, defaults }: Candidate,
  { request, maxTokensUnsaid }: GenerateOptions,
): GenerateRequest {
  const { maxTokens: maxTokensDefault, ...sampling } = defaults;
  const maxTokens = request.maxTokens ?? maxTokensDefault ?? maxTokensUnsaid;
  return {
    ...request,
    model,
    sampling: { ...sampling, ...request.sampling },
    ...(maxTokens !== undefined && { maxTokens }),
  };
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
  reservation: Reservation,
  request: GenerateRequest,
  called: Called,
): Promise<OpenedStream> {
  const { address, started } = reservation;
  const call = await toWorkerCall(reservation, called);
  const stream = await clientFor(reservation).generate(address, request, call);
  const rest = stream[Symbol.asyncIterator]();
  try {
    const start = await nextEvent(rest);
    // The client holds workers to the order of events.
    assert(start.type === "generation-start", "a generation starts first");
    started();
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
      const sinceMs = performance.now();
      yield event;
      watch.waitedForReader(performance.now() - sinceMs);
      // Events that had arrived before would go on past a limit.
      if (watch.reason !== undefined) throw watch.reason;
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
