import type { Controller } from "@/lib/controller/controller";
import { type AppError, isAppError, toAppError } from "@/lib/errors";
import { GENERATION_MS_MAX } from "@/lib/limits";
import type {
  GenerationEvent,
  GenerationStart,
  GenerationWaiting,
} from "@/lib/protocol/generate-event";
import type { GenerateRequest } from "@/lib/protocol/generate-request";
import { hasImage } from "@/lib/protocol/message";
import type { RouteAsk } from "@/lib/protocol/routing";
import type { Via } from "@/lib/protocol/via";
import type { ModelFeature } from "@/lib/protocol/worker-card";
import type { Meter } from "@/lib/usage/meter";
import type { StopSignal } from "@/lib/util/stop";
import { AnswerRelay } from "./answer-relay";
import { AnswerTrail } from "./answer-trail";
import { tryWorkers } from "./attempts";
import { cacheSaltOf } from "./cache-salt";
import { type Candidate, NO_DEFAULTS } from "./candidate";
import { guessLength, toDispatchAsk } from "./dispatch-ask";
import { GenerationWatch } from "./generation-watch";
import { createGoOn, openFirst, resumptionOf, trailOf } from "./go-on";
import { holdToContext } from "./hold-to-context";
import { router as processRouter, type Router } from "./router";
import { tryModels } from "./try-models";

/**
 * The one call behind every answer: choose a model and a worker, fail over until the first token, pass
 * the events on. It resolves only when the first token (or the end of an empty answer) is there, so that
 * whatever goes wrong before is an error with a status, at a worker that a reader never heard of.
 */

export type GenerateOptions = {
  controller: Controller;
  request: GenerateRequest;
  signal: StopSignal;
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
  /** Whether who asks gave the request's seed; unless given, whoever's seed it has. */
  isSeeded?: boolean;
  /** What the caller calls the conversation, or whoever talks in it; unless given, it is known by how it began. */
  session?: string | undefined;
  /** Whose prompts may share keys and values with this one; unless given, those of the same caller. */
  cacheScope?: string;
  /** By performance.now(): when the request ends, this answer included. Unless given, GENERATION_MS_MAX from now. */
  endsMs?: number;
  /** Nobody is told of the answer before its end, so that a worker may tell of it in one piece. */
  isWhole?: boolean;
  /** Hears of waits before the first token, such as for a model that is loaded first; never after it. */
  onWaiting?: (event: GenerationWaiting) => void;
  /** The request is a copy itself, and gets none. */
  isMirror?: boolean;
  /** By way of which Parleys it came here. */
  via?: Via | undefined;
  router?: Router;
  /** See RouteRequest. */
  isOfHouse?: boolean;
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
  /** How often another worker has gone on with it; it grows. */
  resumed: { times: number };
  /** All events, the start included. Read it, return it or abort the signal: each frees the worker. */
  events: AsyncIterable<GenerationEvent>;
};

/** @throws AppError `model-not-found`, `no-worker`, `overloaded`, `context-length-exceeded`, … */
export async function generate(options: GenerateOptions): Promise<Generation> {
  const { controller, request, signal, meter, pinned, route: ask = {} } = options;
  const own = featuresOf(request);
  const features = options.features === undefined ? own : [...own, ...options.features];
  const { endsMs = performance.now() + GENERATION_MS_MAX } = options;
  // Asked for late: what is pinned needs none.
  const findRouter = () => options.router ?? processRouter();
  const { candidates, mirrors } = pinned
    ? { candidates: [pinned], mirrors: [] }
    : await findRouter().plan({
        ...{ controller, asked: request.model, ask, features, meter, isDrawn: true },
        isOfHouse: options.isOfHouse,
      });
  const { requestId } = request;
  const { answer, candidate, why } = await tryModels(
    { controller, candidates, signal, requestId },
    (candidate, { mayWait }) => {
      const limitMs = Math.max(1, endsMs - performance.now());
      const waitMsMax = mayWait && options.isMirror !== true ? undefined : 0;
      return generateAt(candidate, options, { limitMs, findRouter, waitMsMax, features });
    },
  );
  if (isAppError(answer)) throw answer;
  if (mirrors.length > 0) mirror(mirrors, { ...options, features });
  return { candidate, model: candidate.model, why, ...answer };
}

/** Sends copies of the request as it stands, now that they are in nobody's way. */
function mirror(models: readonly string[], options: GenerateOptions): void {
  if (options.isMirror) return;
  const { controller, request, features = [], maxTokensUnsaid } = options;
  const { router = processRouter() } = options;
  const { requestId, model: asked } = request;
  for (const model of models) {
    router.mirrors.begin({ model, asked, requestId }, (meter, signal) => {
      const copy = { controller, meter, signal, request: { ...request, model } };
      const said = maxTokensUnsaid === undefined ? {} : { maxTokensUnsaid };
      // Nobody sees what a mirror answers.
      return generate({ ...copy, ...said, features, router, isMirror: true, isOfHouse: true });
    });
  }
}

/** What is known of a request by the time that a model is asked. */
type At = {
  limitMs: number;
  findRouter: () => Router;
  waitMsMax: number | undefined;
  /** All that the request needs. */
  features: readonly ModelFeature[];
};
type AtModel = Omit<Generation, "candidate" | "model" | "why">;

/** @returns an error where a limit is passed by the first token: no other model is tried after it. */
async function generateAt(
  candidate: Candidate,
  options: GenerateOptions,
  { limitMs, findRouter, waitMsMax, features }: At,
): Promise<AtModel | AppError> {
  const { controller, signal, meter } = options;
  const { model, names, targets, like } = candidate;
  const { preferredWorkerId, isUnderWay, cacheScope: scope, via = meter.via } = options;
  const { owner } = meter.caller;
  const asked = toRequestOf(candidate, options, cacheSaltOf({ owner, scope }));
  const contextLengthMax = controller.contextLengthMaxOf(model);
  const request =
    contextLengthMax === undefined
      ? asked
      : await holdToContext(asked, { controller, candidate, contextLengthMax, signal, via });
  const ended = (outcome: string) => {
    if (targets.length > 0) findRouter().sawOutcome(candidate, outcome);
  };
  const watch = new GenerationWatch({ request, meter, client: signal, limitMs, ended });
  try {
    const { requestId } = request;
    const attempts = {
      ...{ controller, requestId, model, names, features, signal: watch.signal, meter },
      ...{ waitMsMax, preferredWorkerId, isUnderWay, via, like },
      ...{ leavesRoom: options.isMirror, tokens: guessLength(request) },
      // Where a scope is narrower than the owner, conversations are told apart within it.
      ask: toDispatchAsk({ request, owner: scope ?? owner, session: options.session }),
    };
    const { isWhole, onWaiting } = options;
    const called = { requestId, signal: watch.signal, via, trace: meter.trace, isWhole, onWaiting };
    const stream = await tryWorkers(attempts, (reservation) => {
      watch.reserved();
      return openFirst({ reservation, request, called, attempts });
    });
    const { reservation, start } = stream;
    watch.first(start, { workerId: reservation.workerId, undo: reservation.release });
    // The prompt alone may pass a limit.
    if (watch.reason !== undefined) {
      const error = toAppError(watch.reason);
      watch.close(error.code);
      return error;
    }
    const { workerId, modelId } = reservation;
    const resumed = { times: 0 };
    const resumption = resumptionOf(reservation, request);
    const trail = new AnswerTrail(resumption && trailOf(request), resumption === "continue");
    const goOn = createGoOn({
      ...{ first: stream, request, called, attempts, trail, resumed },
      isSeeded: options.isSeeded ?? isSeeded(request),
    });
    const { events } = new AnswerRelay({ first: stream, watch, trail, requestId, resumed, goOn });
    return { id: meter.id, workerId, modelId, start, resumed, events };
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
  cacheSalt: string | undefined,
): GenerateRequest {
  // A copy to change: what is added after a spread takes V8 of Node 20 500 ns more.
  const own = { ...request };
  own.model = model;
  own.cacheSalt = cacheSalt;
  const maxTokens = request.maxTokens ?? defaults.maxTokens ?? maxTokensUnsaid;
  if (maxTokens !== undefined) own.maxTokens = maxTokens;
  if (defaults !== NO_DEFAULTS) {
    const { maxTokens: _, ...sampling } = defaults;
    own.sampling = { ...sampling, ...request.sampling };
  }
  return own;
}

/** A Parley above that goes on with an answer says the seed that was drawn, and whether it matters. */
function isSeeded({ sampling, resume }: GenerateRequest): boolean {
  return resume === undefined ? sampling.seed !== undefined : resume.mustMatch === true;
}

function featuresOf(request: GenerateRequest): ModelFeature[] {
  const { logProbabilityCount, reportPrompt, grammar, toolRequest } = request;
  const { reportTokenIds, resume } = request;
  const needed: ModelFeature[] = ["chat"];
  if (logProbabilityCount !== undefined || reportPrompt === true) needed.push("log-probabilities");
  if (grammar !== undefined) needed.push("grammar");
  if (toolRequest !== undefined) needed.push("tools");
  if (reportTokenIds === true || resume !== undefined) needed.push("resume");
  if (request.messages.some(hasImage)) needed.push("images");
  return needed;
}
