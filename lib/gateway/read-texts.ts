import type { Controller } from "@/lib/controller/controller";
import { AppError, isAppError, toAppError } from "@/lib/errors";
import { TOKENS_A_CHARACTER_MAX } from "@/lib/fleet-limits";
import {
  CHARACTERS_A_CALL_MAX,
  GENERATION_MS_MAX,
  TEXT_CALLS_MAX,
  TEXT_LENGTH_MAX,
  TEXTS_A_CALL_MAX,
} from "@/lib/limits";
import { AUTO_MODEL } from "@/lib/protocol/routing";
import type {
  ClassifyReply,
  ClassifyRequest,
  EmbedReply,
  EmbedRequest,
  RerankReply,
  RerankRequest,
} from "@/lib/protocol/text";
import type { Via } from "@/lib/protocol/via";
import type { ModelFeature } from "@/lib/protocol/worker-card";
import type { WorkerCall } from "@/lib/protocol/worker-client";
import type { Meter } from "@/lib/usage/meter";
import { tryWorkers } from "./attempts";
import { toWorkerCall } from "./call-worker";
import type { Candidate } from "./candidate";
import { type AnyWorkerClient, clientFor } from "./client-for";
import { toReadingAsk } from "./dispatch-ask";
import { router as processRouter, type Router } from "./router";
import { tryModels } from "./try-models";
import { whileAlive } from "./while-alive";

/**
 * Requests of many texts, cut into calls that each take a worker seconds and not minutes: a large one
 * spreads over all workers of its model, lets others in between, and loses one call when a worker dies.
 */

export type ReadTextsOptions<Request> = {
  controller: Controller;
  request: Request;
  signal: AbortSignal;
  meter: Meter;
  /** This model and no other, whatever `request.model` says. */
  pinned?: Candidate;
  router?: Router;
  /** By way of which Parleys it came here. */
  via?: Via | undefined;
  /** See RouteRequest. */
  isOfHouse?: boolean;
};

/** Who read the texts, and why: see Generation in generate.ts. */
export type ReadBy = { model: string; why: string | undefined };

/** @throws AppError `model-not-found`, `not-supported`, `context-length-exceeded` with the input's place, … */
export async function embed(options: ReadTextsOptions<EmbedRequest>): Promise<EmbedReply & ReadBy> {
  const { request } = options;
  const { replies, ...by } = await readByRoute(options, {
    feature: "embeddings",
    field: "inputs",
    items: request.inputs,
    answersOf: (reply: EmbedReply) => reply.embeddings,
    call: ({ client, address }, { model, items }, call) =>
      client.embed(address, { ...request, model, inputs: [...items] }, call),
  });
  return {
    ...by,
    embeddings: replies.flatMap((it) => it.embeddings),
    promptTokens: sum(replies.map((it) => it.promptTokens)),
  };
}

/** @throws AppError `model-not-found`, `not-supported`, `context-length-exceeded`, … */
export async function rerank(
  options: ReadTextsOptions<RerankRequest>,
): Promise<RerankReply & ReadBy> {
  const { request } = options;
  const { replies, ...by } = await readByRoute(options, {
    feature: "rerank",
    field: "documents",
    items: request.documents,
    answersOf: (reply: RerankReply) => reply.scores,
    call: ({ client, address }, { model, items }, call) =>
      client.rerank(address, { ...request, model, documents: [...items] }, call),
  });
  return {
    ...by,
    scores: replies.flatMap((it) => it.scores),
    promptTokens: sum(replies.map((it) => it.promptTokens)),
  };
}

/** @throws AppError `model-not-found`, `not-supported`, `context-length-exceeded` with the input's place, … */
export async function classify(
  options: ReadTextsOptions<ClassifyRequest>,
): Promise<ClassifyReply & ReadBy> {
  const { request } = options;
  const { replies, ...by } = await readByRoute(options, {
    feature: "classify",
    field: "inputs",
    items: request.inputs,
    answersOf: (reply: ClassifyReply) => reply.results,
    call: ({ client, address }, { model, items }, call) =>
      client.classify(address, { ...request, model, inputs: [...items] }, call),
  });
  return {
    ...by,
    results: replies.flatMap((it) => it.results),
    promptTokens: sum(replies.map((it) => it.promptTokens)),
  };
}

type Reading<Item, Reply> = {
  feature: ModelFeature;
  /** The field of the worker's request that holds the texts. */
  field: string;
  items: readonly Item[];
  /** One for each text. */
  answersOf(reply: Reply): readonly unknown[];
  call(
    at: { client: AnyWorkerClient; address: string },
    part: { model: string; items: readonly Item[] },
    call: WorkerCall,
  ): Promise<Reply>;
};

type Texts = string | readonly number[];
type Counted = { promptTokens: number };
type AnyRequest = { model: string; requestId: string; query?: string };

/** All parts by one model: vectors of two have nothing to do with each other. */
async function readByRoute<Item extends Texts, Reply extends Counted>(
  options: ReadTextsOptions<AnyRequest>,
  reading: Reading<Item, Reply>,
): Promise<ReadBy & { replies: Reply[] }> {
  const { controller, request, meter, pinned, router = processRouter() } = options;
  const { model: asked, requestId } = request;
  if (asked === AUTO_MODEL) {
    const message = `\`${AUTO_MODEL}\` chooses among models that chat, by how people rate their answers; what two models make of a text cannot be compared. Name the model that is to read.`;
    throw new AppError("invalid-request", { message, param: "model" });
  }
  const { isOfHouse } = options;
  const route = { asked, ask: {}, features: [reading.feature], meter, isDrawn: true, isOfHouse };
  const { candidates } = pinned
    ? { candidates: [pinned] }
    : await router.plan({ controller, ...route });
  const limit = new AbortController();
  const timer = setTimeout(() => limit.abort(tookTooLong()), GENERATION_MS_MAX).unref();
  const signal = AbortSignal.any([options.signal, limit.signal]);
  const tried = await tryModels(
    { controller, candidates, signal, requestId },
    async (candidate, { mayWait }) => {
      // Of a client that left or asked for too much, which says nothing of the model.
      let outcome = "cancelled";
      try {
        const replies = await readInParts({ ...options, signal }, candidate, {
          ...reading,
          mayWait,
        });
        outcome = "complete";
        return replies;
      } catch (error) {
        if (!signal.aborted) outcome = toAppError(error).code;
        throw error;
      } finally {
        router.sawOutcome(candidate, outcome);
      }
    },
  ).finally(() => clearTimeout(timer));
  return { replies: tried.answer, model: tried.candidate.model, why: tried.why };
}

function tookTooLong(): AppError {
  const seconds = GENERATION_MS_MAX / 1_000;
  const message = `Reading these texts took longer than ${seconds} s. Send fewer at once.`;
  return new AppError("timeout", { message });
}

async function readInParts<Item extends Texts, Reply extends Counted>(
  { controller, request, signal, meter, via = meter.via }: ReadTextsOptions<AnyRequest>,
  { model, names, like }: Candidate,
  { feature, field, items, answersOf, call, mayWait }: Reading<Item, Reply> & { mayWait: boolean },
): Promise<Reply[]> {
  const leave = new AbortController();
  const whole = AbortSignal.any([signal, leave.signal]);
  const { requestId } = request;
  checkLengths(items, field);
  const parts = cut(items);
  const replies: Reply[] = [];
  const attempts = {
    ...{ controller, requestId, model, names, features: [feature] },
    ...{ signal: whole, meter, via, like },
  };
  let begin = () => {};
  const begun = new Promise<void>((resolve) => {
    begin = resolve;
  });
  // Shared by the lanes: each takes the next part that nobody has.
  const left = parts.entries();
  const lane = async () => {
    for (const [index, { start, items: own }] of left) {
      // By the first part it is known whether the model has room; the others take their turns.
      if (index > 0) await begun;
      const waits = mayWait || index > 0 ? {} : { waitMsMax: 0 };
      const reply = await tryWorkers(
        { ...attempts, ...waits, ask: toReadingAsk(own), isUnderWay: index > 0 },
        async (reservation) => {
          begin();
          const reply = await whileAlive(reservation, attempts, async (signal) => {
            const called = { requestId, signal, via, trace: meter.trace };
            const worker = await toWorkerCall(reservation, called);
            const at = { client: clientFor(reservation), address: reservation.address };
            return await call(at, { model, items: own }, worker);
          });
          expectSound(own, { ...reply, query: request.query, answers: answersOf(reply) });
          // In this order: a place that is given back is no trial any more, and closes no breaker. That of a
          // call that failed is given back by tryWorkers, once the worker has been blamed.
          reservation.started();
          reservation.finished();
          reservation.release();
          return reply;
        },
      ).catch((error: unknown) => {
        throw shiftParam(error, field, start);
      });
      replies[index] = reply;
      const spent = meter.add({ prompt: reply.promptTokens });
      if (spent && index < parts.length - 1) throw spent;
    }
  };
  try {
    await Promise.all(Array.from({ length: Math.min(TEXT_CALLS_MAX, parts.length) }, lane));
  } finally {
    // What still runs is for nobody.
    leave.abort();
  }
  return replies;
}

/** A text goes to a worker whole, in a body that has a limit; no context is as long. */
function checkLengths(items: readonly Texts[], field: string): void {
  const index = items.findIndex((item) => item.length > TEXT_LENGTH_MAX);
  if (index === -1) return;
  throw new AppError("context-length-exceeded", {
    message: `A text may have at most ${TEXT_LENGTH_MAX} characters or tokens. Send it in parts.`,
    param: `${field}.${index}`,
  });
}

type Sound = Counted & { query: string | undefined; answers: readonly unknown[] };

/**
 * Callers are charged by what a worker counts, and know its answers by their places.
 *
 * @throws AppError `upstream-invalid` for answers to more or fewer texts, and for more tokens than the texts
 * can make, the query with each of them
 */
function expectSound(items: readonly Texts[], { promptTokens, query = "", answers }: Sound): void {
  const characters = sum(items.map(({ length }) => length + query.length + 1));
  const max = characters * TOKENS_A_CHARACTER_MAX;
  if (promptTokens <= max && answers.length === items.length) return;
  throw new AppError("upstream-invalid", {
    message: `The worker answered ${answers.length} of ${items.length} texts, and tells of ${promptTokens} tokens, of ${max} at most.`,
  });
}

function cut<Item extends string | readonly number[]>(items: readonly Item[]) {
  const parts: { start: number; items: Item[] }[] = [];
  let length = 0;
  for (const [index, item] of items.entries()) {
    const last = parts.at(-1);
    length += item.length;
    if (last && last.items.length < TEXTS_A_CALL_MAX && length <= CHARACTERS_A_CALL_MAX) {
      last.items.push(item);
    } else {
      parts.push({ start: index, items: [item] });
      length = item.length;
    }
  }
  return parts;
}

/** A worker counts the texts of its call; the caller counts those of the request. */
function shiftParam(error: unknown, field: string, start: number): unknown {
  if (!isAppError(error) || !error.param?.startsWith(`${field}.`)) return error;
  const [, index, ...rest] = error.param.split(".");
  const param = [field, Number(index) + start, ...rest].join(".");
  const { code, message, retryAfterSeconds } = error;
  return new AppError(code, { message, param, retryAfterSeconds, cause: error });
}

const sum = (counts: readonly number[]) => counts.reduce((total, it) => total + it, 0);
