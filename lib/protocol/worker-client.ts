import { Agent, type Dispatcher } from "undici";
import type * as z from "zod";
import { env } from "@/lib/env";
import { AppError, isAppError } from "@/lib/errors";
import { WORKER_REPLY_BYTES_MAX, WORKER_WORD_BYTES_MAX } from "@/lib/fleet-limits";
import {
  WORKER_CALL_MS_MAX,
  WORKER_CONNECT_TIMEOUT_MS,
  WORKER_CONNECTIONS_MAX,
  WORKER_IDLE_MS_MAX,
  WORKER_SILENCE_MS_MAX,
} from "@/lib/limits";
import { paths } from "@/lib/paths";
import type { TraceHeaders } from "@/lib/telemetry/trace";
import { processSingleton } from "@/lib/util/process-singleton";
import { type StopSignal, toAbortSignal } from "@/lib/util/stop";
import { DELIVERY_HEADER, TOLD_WAITS, WAITS_HEADER, WHOLE_DELIVERY } from "./delivery";
import { openEvents, type Refusal } from "./event-call";
import type { GenerateEvent, GenerationWaiting } from "./generate-event";
import type { GenerateRequest } from "./generate-request";
import { HttpPool } from "./http-pool";
import { LOAD_HEADER, readLoadHeader } from "./load-header";
import { readWhole } from "./read-whole";
import type { LiveLoadReport } from "./registration";
import {
  type ClassifyReply,
  type ClassifyRequest,
  classifyReplySchema,
  type DetokenizeReply,
  type DetokenizeRequest,
  detokenizeReplySchema,
  type EmbedReply,
  type EmbedRequest,
  embedReplySchema,
  type RerankReply,
  type RerankRequest,
  rerankReplySchema,
  type TokenizeReply,
  type TokenizeRequest,
  type TokenizerInfoReply,
  type TokenizerInfoRequest,
  tokenizeReplySchema,
  tokenizerInfoReplySchema,
} from "./text";
import { fromTransportError, isTransportTimeout } from "./transport-error";
import { toViaHeader, VIA_HEADER, type Via } from "./via";
import { type WorkerCard, workerCardSchema } from "./worker-card";
import { fromWorkerError, type WorkerHealth, workerHealthSchema } from "./worker-error";

/** Who calls and for how long: the shared secret, and the signal that carries an abort to the worker. */
export type WorkerCall = {
  secret: string;
  signal: StopSignal;
  /** The request's id, for the logs of those whose bodies do not name it. */
  requestId?: string | undefined;
  /** Only at a worker that is a Parley itself, which refuses what has come through it before. */
  via?: Via | undefined;
  /** What the worker's part of the work is a part of. */
  trace?: TraceHeaders | undefined;
  /** Nobody is told of the answer before its end: it may come in one piece. */
  isWhole?: boolean | undefined;
  /** Hears the worker's load where it is told beside a whole answer; streams have it in their events. */
  onLoad?: ((load: LiveLoadReport) => void) | undefined;
  /** Hears of a stream's waits before it starts, each time that the worker tells of one. */
  onWaiting?: ((event: GenerationWaiting) => void) | undefined;
};

type Limits = { headMsMax: number; silenceMsMax: number; callMsMax: number };

const LIMITS: Limits = {
  headMsMax: WORKER_CONNECT_TIMEOUT_MS,
  silenceMsMax: WORKER_SILENCE_MS_MAX,
  callMsMax: WORKER_CALL_MS_MAX,
};

/**
 * Web → worker. `address` is the base URL a worker registered with. Every method throws AppErrors
 * only: the worker's own refusals with the code they were thrown with; `worker-lost` when it cannot be
 * reached or goes away; `timeout` when it stays silent; `upstream-invalid` when it speaks nonsense;
 * `client-closed` (or the signal's own AppError) after an abort.
 */
export class WorkerClient {
  readonly #limits: Limits;
  readonly #agent: Agent;
  /** For what every request to a model passes. */
  readonly #plain: HttpPool;

  constructor(limits: Partial<Limits> = {}) {
    this.#limits = { ...LIMITS, ...limits };
    this.#agent = new Agent({
      connections: WORKER_CONNECTIONS_MAX,
      pipelining: 1,
      connect: { timeout: this.#limits.headMsMax },
      keepAliveTimeout: WORKER_IDLE_MS_MAX,
      keepAliveMaxTimeout: WORKER_IDLE_MS_MAX,
      // The head's limit is kept below by a clock of our own, which also covers a wait for a connection.
      headersTimeout: 0,
      bodyTimeout: this.#limits.silenceMsMax,
    });
    this.#plain = new HttpPool({
      connectionsMax: WORKER_CONNECTIONS_MAX,
      idleMsMax: WORKER_IDLE_MS_MAX,
      silenceMsMax: this.#limits.silenceMsMax,
    });
  }

  /**
   * Resolves when the worker has admitted the request; the events follow, `generation-start` first
   * (or a lone `generation-error`), with nothing after the end. The iteration throws where the stream
   * breaks. Whoever stops early must abort the signal or call `return`, which frees the worker's slot
   * even before the first `next`.
   */
  generate(
    address: string,
    request: GenerateRequest,
    call: WorkerCall,
  ): Promise<AsyncGenerator<GenerateEvent>> {
    const { headMsMax } = this.#limits;
    const { signal } = call;
    const { origin, path } = placeOf(address);
    return openEvents(
      // Encrypted it is undici's, as all that is seldom asked.
      origin.startsWith("http:") ? this.#plain : this.#agent,
      {
        origin,
        path: `${path}${paths.worker.generate}`,
        method: "POST",
        headers: toHeaders(call, true),
        body: JSON.stringify(request),
      },
      {
        signal,
        headMsMax,
        toLate: () => silent(address, headMsMax),
        toError: (error) => toCallError(error, address, signal),
        toRefusal: (refusal) => toRefusal(refusal, address),
        onWaiting: call.onWaiting,
      },
    );
  }

  embed(address: string, request: EmbedRequest, call: WorkerCall): Promise<EmbedReply> {
    return this.#read(address, paths.worker.embed, { ...call, body: request }, embedReplySchema);
  }

  rerank(address: string, request: RerankRequest, call: WorkerCall): Promise<RerankReply> {
    return this.#read(address, paths.worker.rerank, { ...call, body: request }, rerankReplySchema);
  }

  classify(address: string, request: ClassifyRequest, call: WorkerCall): Promise<ClassifyReply> {
    const options = { ...call, body: request };
    return this.#read(address, paths.worker.classify, options, classifyReplySchema);
  }

  tokenize(address: string, request: TokenizeRequest, call: WorkerCall): Promise<TokenizeReply> {
    const options = { ...call, body: request, headMsMax: this.#limits.callMsMax };
    return this.#whole(address, paths.worker.tokenize, options, tokenizeReplySchema);
  }

  detokenize(
    address: string,
    request: DetokenizeRequest,
    call: WorkerCall,
  ): Promise<DetokenizeReply> {
    const options = { ...call, body: request, headMsMax: this.#limits.callMsMax };
    return this.#whole(address, paths.worker.detokenize, options, detokenizeReplySchema);
  }

  tokenizerInfo(
    address: string,
    request: TokenizerInfoRequest,
    call: WorkerCall,
  ): Promise<TokenizerInfoReply> {
    const options = { ...call, body: request, headMsMax: this.#limits.callMsMax };
    return this.#whole(address, paths.worker.tokenizerInfo, options, tokenizerInfoReplySchema);
  }

  /** What it says of itself; refused while it loads. */
  card(address: string, call: WorkerCall): Promise<WorkerCard> {
    const options = { ...call, headMsMax: this.#limits.callMsMax };
    return this.#whole(address, paths.worker.card, options, workerCardSchema);
  }

  /** Whether it loads, is ready or drains: all three are answers, not errors. */
  async health(address: string, { signal }: { signal: AbortSignal }): Promise<WorkerHealth> {
    const statuses = [200, 503];
    const bytesMax = WORKER_WORD_BYTES_MAX;
    const options = { signal, headMsMax: this.#limits.callMsMax, statuses, bytesMax };
    return this.#whole(address, paths.worker.health, options, workerHealthSchema);
  }

  /** Ends every connection. */
  async close(): Promise<void> {
    this.#plain.close();
    await this.#agent.destroy();
  }

  /** A call that may wait for a slot before its head. */
  #read<T>(
    address: string,
    path: string,
    options: Omit<OpenOptions, "headMsMax">,
    schema: z.ZodType<T>,
  ): Promise<T> {
    const headMsMax = this.#limits.silenceMsMax;
    return this.#whole(address, path, { ...options, headMsMax }, schema);
  }

  async #whole<T>(
    address: string,
    path: string,
    options: OpenOptions,
    schema: z.ZodType<T>,
  ): Promise<T> {
    const { body, headers } = await this.#open(address, path, options);
    try {
      const { bytesMax = WORKER_REPLY_BYTES_MAX } = options;
      const reply = schema.parse(JSON.parse((await readWhole(body, bytesMax)).toString("utf8")));
      const load = options.onLoad && readLoadHeader(headers[LOAD_HEADER]);
      if (load) options.onLoad?.(load);
      return reply;
    } catch (error) {
      throw toCallError(error, address, options.signal);
    }
  }

  async #open(
    address: string,
    path: string,
    options: OpenOptions,
  ): Promise<Dispatcher.ResponseData> {
    const { headMsMax } = options;
    const signal = toAbortSignal(options.signal);
    const abort = new AbortController();
    // Not AbortSignal.any: on Node 20 a signal made by it is kept for as long as its longest source.
    const onAbort = () => abort.abort(signal.reason);
    const timer = setTimeout(() => abort.abort(silent(address, headMsMax)), headMsMax);
    signal.addEventListener("abort", onAbort, { once: true });
    if (signal.aborted) onAbort();
    const place = placeOf(address);
    let reply: Dispatcher.ResponseData;
    try {
      reply = await this.#agent.request({
        origin: place.origin,
        path: `${place.path}${path}`,
        method: options.body === undefined ? "GET" : "POST",
        headers: toHeaders(options, options.body !== undefined),
        body: options.body === undefined ? null : JSON.stringify(options.body),
        signal: abort.signal,
      });
    } catch (error) {
      signal.removeEventListener("abort", onAbort);
      clearTimeout(timer);
      throw toCallError(error, address, abort.signal);
    }
    reply.body.once("close", () => signal.removeEventListener("abort", onAbort));
    // Destroying a body that nobody reads makes undici emit an error; whoever reads is told by the iteration.
    reply.body.on("error", () => undefined);
    const statuses = options.statuses ?? [200];
    try {
      if (statuses.includes(reply.statusCode)) return reply;
      // A refusal is a line: what trickles, or stops after its head, is no more an answer than no head.
      throw await this.#refusal(reply, address, abort.signal);
    } finally {
      clearTimeout(timer);
    }
  }

  async #refusal(reply: Dispatcher.ResponseData, address: string, signal: AbortSignal) {
    const { statusCode: status, headers } = reply;
    try {
      const body = await readWhole(reply.body, WORKER_WORD_BYTES_MAX);
      return toRefusal({ status, headers, body }, address);
    } catch (error) {
      return toCallError(error, address, signal);
    }
  }
}

function toRefusal({ status, headers, body }: Refusal, address: string): AppError {
  const { "retry-after": retryAfter } = headers;
  let told: unknown;
  try {
    told = JSON.parse(body.toString("utf8"));
  } catch {
    // No JSON: what answers is no worker of ours, as is said below.
  }
  return (
    fromWorkerError(told, typeof retryAfter === "string" ? retryAfter : undefined) ??
    new AppError("upstream-invalid", {
      message: `What answers at ${address} with status ${status} is not a worker.`,
    })
  );
}

type Place = { origin: string; path: string };

/** Addresses that were read, which takes 0.6 µs each; workers come and go, so that some are forgotten. */
const places = new Map<string, Place>();
const PLACES_MAX = 1_024;

function placeOf(address: string): Place {
  const known = places.get(address);
  if (known) return known;
  const { origin, pathname } = new URL(address);
  const place = { origin, path: pathname.replace(/\/$/, "") };
  if (places.size >= PLACES_MAX) places.clear();
  places.set(address, place);
  return place;
}

function toHeaders(
  { secret, requestId, via, trace, isWhole, onWaiting }: Partial<WorkerCall>,
  hasBody: boolean,
): Record<string, string> {
  const headers: Record<string, string> = {};
  if (secret !== undefined) headers.authorization = `Bearer ${secret}`;
  if (hasBody) headers["content-type"] = "application/json";
  if (requestId !== undefined) headers["x-request-id"] = requestId;
  if (via !== undefined) headers[VIA_HEADER] = toViaHeader(via);
  if (isWhole) headers[DELIVERY_HEADER] = WHOLE_DELIVERY;
  if (onWaiting !== undefined) headers[WAITS_HEADER] = TOLD_WAITS;
  if (trace !== undefined) Object.assign(headers, trace);
  return headers;
}

type OpenOptions = Partial<WorkerCall> & {
  signal: StopSignal;
  body?: unknown;
  headMsMax: number;
  statuses?: number[];
  bytesMax?: number;
};

/** The one client of this process, so that its connections are shared. */
export function workerClient(): WorkerClient {
  return processSingleton("worker-client", () => {
    const { PARLEY_WORKER_CONNECT_MS: headMsMax, PARLEY_WORKER_SILENCE_MS: silenceMsMax } = env();
    return new WorkerClient({ headMsMax, silenceMsMax });
  });
}

function silent(address: string, ms: number): AppError {
  return new AppError("timeout", {
    message: `The worker at ${address} did not answer within ${ms / 1_000} s.`,
  });
}

function toCallError(error: unknown, address: string, signal: StopSignal): AppError {
  const cause = signal.aborted ? signal.reason : error;
  if (isAppError(cause)) return cause;
  if (signal.aborted) {
    return new AppError("client-closed", { message: "The request was cancelled.", cause });
  }
  if (isTransportTimeout(cause)) {
    const message = `The worker at ${address} fell silent.`;
    return new AppError("timeout", { message, cause });
  }
  return fromTransportError(cause, `The worker at ${address}`, "worker-lost");
}
