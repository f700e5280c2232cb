import { randomUUID } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Registry } from "prom-client";
import type * as z from "zod";
import { AppError, toAppError } from "@/lib/errors";
import {
  LAST_EVENT_MS_MAX,
  LISTEN_BACKLOG,
  OVERLOADED_RETRY_AFTER_SECONDS,
  WORKER_KEEP_ALIVE_MS,
  WORKER_SOCKETS_MAX,
} from "@/lib/limits";
import { paths } from "@/lib/paths";
import { generateRequestSchema } from "@/lib/protocol/generate-request";
import type { WorkerLoad } from "@/lib/protocol/registration";
import {
  classifyRequestSchema,
  detokenizeRequestSchema,
  embedRequestSchema,
  rerankRequestSchema,
  tokenizeRequestSchema,
  tokenizerInfoRequestSchema,
} from "@/lib/protocol/text";
import { VIA_HEADER } from "@/lib/protocol/via";
import type { WorkerCard } from "@/lib/protocol/worker-card";
import type { WorkerHealth } from "@/lib/protocol/worker-error";
import type { Log } from "@/lib/telemetry/log";
import { assert } from "@/lib/util/assert";
import { Admission } from "./admission";
import type { Backend } from "./backend";
import { Bearer } from "./bearer";
import { type CallFields, CallRecord } from "./call-record";
import { sendError, sendJson } from "./error-reply";
import { streamGeneration } from "./generation-stream";
import { describeHealth } from "./health";
import { readBody } from "./read-body";
import { readTexts, type ToRead } from "./read-texts";
import { refuseSocket } from "./refuse-socket";
import { noteChain } from "./request-chain";
import { SERVER_LIMITS, type ServerLimits } from "./server-limits";
import { tellLoad } from "./tell-load";
import { WorkerStats } from "./worker-stats";

/**
 * The protocol over HTTP. It listens before its models are loaded, so that a taken port is known at
 * once and a probe sees "loading"; `serve` opens it, `drain` closes it.
 */

export type WorkerServerOptions = {
  /** Absent for a worker that knows only a token of its own, until the web has told it with what it calls. */
  secret?: string | undefined;
  /** Its own: lets in who reads its numbers. */
  token?: string | undefined;
  registry: Registry;
  log: Log;
  /** Other limits than those of lib/limits.ts, for tests that cannot wait for them. */
  limits?: Partial<ServerLimits>;
};

type Served = { backend: Backend; card: WorkerCard; admission: Admission; stats: WorkerStats };
type Exchange = Served & {
  request: IncomingMessage;
  response: ServerResponse;
  abort: AbortController;
  /** What the log line says beside the route. */
  fields: CallFields;
};
type Route = { method: "GET" | "POST"; answer(exchange: Exchange): Promise<AppError | undefined> };

export class WorkerServer {
  /** This life of the worker, to the controller and to whoever asks for its health. */
  readonly instanceId = randomUUID();
  readonly stats: WorkerStats;
  readonly #options: WorkerServerOptions;
  readonly #limits: ServerLimits;
  readonly #bearer: Bearer;
  readonly #http: Server;
  readonly #routes: Map<string, Route>;
  readonly #open = new Set<AbortController>();
  #state: WorkerHealth["state"] = "loading";
  #served: Served | undefined;

  constructor(options: WorkerServerOptions) {
    this.#options = options;
    this.#bearer = new Bearer(options);
    this.stats = new WorkerStats(options.registry);
    this.#limits = { ...SERVER_LIMITS, ...options.limits };
    this.#routes = createRoutes(this.stats, this.#limits);
    const { bodyMsMax } = this.#limits;
    this.#http = createServer(
      {
        keepAliveTimeout: WORKER_KEEP_ALIVE_MS,
        headersTimeout: bodyMsMax,
        requestTimeout: bodyMsMax,
        // Node looks for requests that trickle only this often; its default of 30 s would triple the limit.
        connectionsCheckingInterval: bodyMsMax / 10,
      },
      (request, response) => void this.#handle(request, response),
    );
    this.#http.maxConnections = WORKER_SOCKETS_MAX;
    this.#http.on("clientError", refuseSocket);
  }

  /** Listens and resolves with the port that was taken. */
  listen(port: number, host: string): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#http.once("error", reject);
      this.#http.listen(port, host, LISTEN_BACKLOG, () => {
        this.#http.off("error", reject);
        // A TCP server that listens has an AddressInfo; only pipes have a string.
        resolve((this.#http.address() as AddressInfo).port);
      });
    });
  }

  /** The web calls with `secret` from now on, beside the secret that all share. */
  accept(secret: string): void {
    this.#bearer.accept(secret);
  }

  /** The models are loaded: answers from now on, and returns the card to register with. */
  serve(backend: Backend, identity: Pick<WorkerCard, "name" | "version" | "host">): WorkerCard {
    const { waitingMax, slotWaitMsMax } = this.#limits;
    const own = backend.card();
    const admission = new Admission({ slots: own.slots, waitingMax, slotWaitMsMax });
    const card = { ...own, ...identity, waitingMax };
    this.stats.watch(admission, backend);
    this.stats.vllm.watch(card);
    this.#served = { backend, card, admission, stats: this.stats };
    this.#state = "ready";
    return card;
  }

  /** Reads the backend's card anew; one without models takes nothing until it has some again. */
  renewCard(): WorkerCard {
    const served = this.#served;
    assert(served, "a card is renewed of who serves");
    const { models } = served.backend.card();
    const card = { ...served.card, models };
    this.#served = { ...served, card };
    this.stats.vllm.watch(card);
    if (this.#state !== "draining") this.#state = models.length > 0 ? "ready" : "loading";
    return card;
  }

  load(): WorkerLoad {
    const { running, waiting } = this.#served?.admission ?? { running: 0, waiting: 0 };
    const foreign = this.#served?.backend.foreignLoad?.() ?? { running: 0, waiting: 0 };
    const state = this.#state === "loading" ? "starting" : this.#state;
    const { work, counters } = this.stats;
    const all = { running: running + foreign.running, waiting: waiting + foreign.waiting };
    return { state, ...tellLoad(all, work), counters: { ...counters } };
  }

  /** Resolves when no request runs, or rejects with the signal's reason. */
  async whenIdle(signal: AbortSignal): Promise<void> {
    await this.#served?.admission.whenIdle(signal);
  }

  /**
   * Refuses what comes and what waits; what runs has until `signal` aborts, then ends with
   * `worker-lost`, which sends its client to another worker or tells it to try again.
   */
  async drain(signal: AbortSignal): Promise<void> {
    this.#state = "draining";
    this.#served?.admission.close(unavailable("draining"));
    try {
      await this.whenIdle(signal);
    } catch (cause) {
      const message = "The worker stopped before the answer was finished.";
      const reason = new AppError("worker-lost", { message, cause });
      for (const abort of this.#open) abort.abort(reason);
      await this.#sayLastEvents();
    }
  }

  async #sayLastEvents(): Promise<void> {
    try {
      await this.whenIdle(AbortSignal.timeout(LAST_EVENT_MS_MAX));
    } catch {
      // A backend that does not stop in time is stopped by the end of the process.
      this.#options.log.warn("answers did not stop in time");
    }
  }

  /** Closes the port and every connection, idle ones first. */
  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#http.close(() => resolve()));
    this.#http.closeIdleConnections();
    // Last events that are written already get one turn of the event loop to leave.
    await new Promise((resolve) => setImmediate(resolve));
    this.#http.closeAllConnections();
    await closed;
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const abort = new AbortController();
    noteChain(abort.signal, request.headers[VIA_HEADER], this.instanceId);
    this.#open.add(abort);
    response.on("close", () => {
      this.#open.delete(abort);
      if (response.writableFinished) return;
      abort.abort(new AppError("client-closed", { message: "The client closed the connection." }));
    });
    // A socket that breaks is what "close" above reports; without a listener it would end the process.
    response.on("error", () => undefined);
    const path = pathOf(request.url ?? "/");
    const route = this.#routes.get(path);
    const kind = { isKnown: route !== undefined, isWork: route?.method === "POST" };
    const record = new CallRecord(request, path, kind);
    let error: AppError | undefined;
    try {
      error = await this.#route(path, route, { request, response, abort, fields: record.fields });
    } catch (thrown) {
      error = toAppError(abort.signal.aborted ? abort.signal.reason : thrown);
      sendError(response, error, this.#isUnavailable(error) ? 503 : error.status);
    }
    record.end(response, error, { stats: this.stats, log: this.#options.log });
  }

  async #route(
    path: string,
    route: Route | undefined,
    { request, response, abort, fields }: Omit<Exchange, keyof Served>,
  ): Promise<AppError | undefined> {
    const health = describeHealth(path, { state: this.#state, instanceId: this.instanceId });
    if (!health) {
      const isScrape = path === paths.worker.metrics;
      this.#bearer.check(request.headers.authorization, { isScrape });
    }
    if (!route && !health) {
      throw new AppError("not-found", { message: "There is no such path on a worker." });
    }
    const method = route?.method ?? "GET";
    if (request.method !== method) {
      response.setHeader("allow", method);
      throw new AppError("method-not-allowed", { message: `Use ${method} on ${path}.` });
    }
    if (!route) {
      if (health) sendJson(response, health.body, health.isWell ? 200 : 503);
      return undefined;
    }
    const stillAnswers = this.#state === "draining" && route.method === "GET";
    if (!this.#served || (this.#state !== "ready" && !stillAnswers)) {
      throw unavailable(this.#state);
    }
    const { backend, card, admission, stats } = this.#served;
    return await route.answer({
      ...{ request, response, abort, fields },
      ...{ backend, card, admission, stats },
    });
  }

  /** 503 and not 429: waiting here does not help, another worker does. */
  #isUnavailable(error: AppError): boolean {
    return error.code === "overloaded" && this.#state !== "ready";
  }
}

function pathOf(url: string): string {
  const end = url.indexOf("?");
  return end === -1 ? url : url.slice(0, end);
}

function unavailable(state: WorkerHealth["state"]): AppError {
  return new AppError("overloaded", {
    message:
      state === "loading"
        ? "This worker is still loading its models. Try again shortly."
        : "This worker is shutting down. Try another one.",
    retryAfterSeconds: OVERLOADED_RETRY_AFTER_SECONDS,
  });
}

function checkModel(card: WorkerCard, model: string): void {
  if (card.models.some((offer) => offer.name === model)) return;
  throw new AppError("model-not-found", {
    message: `This worker does not offer the model "${model.slice(0, 100)}".`,
    param: "model",
  });
}

function createRoutes(stats: WorkerStats, limits: ServerLimits): Map<string, Route> {
  return new Map<string, Route>([
    [
      paths.worker.generate,
      { method: "POST", answer: (exchange) => generate(exchange, stats, limits) },
    ],
    [paths.worker.embed, { method: "POST", answer: embed }],
    [paths.worker.rerank, { method: "POST", answer: rerank }],
    [paths.worker.classify, { method: "POST", answer: classify }],
    [paths.worker.tokenize, { method: "POST", answer: tokenize }],
    [paths.worker.detokenize, { method: "POST", answer: detokenize }],
    [paths.worker.tokenizerInfo, { method: "POST", answer: tokenizerInfo }],
    [
      paths.worker.card,
      { method: "GET", answer: async ({ response, card }) => void sendJson(response, card) },
    ],
    [
      paths.worker.metrics,
      {
        method: "GET",
        answer: async ({ response }) => {
          const { contentType, text } = stats.read();
          response.setHeader("content-type", contentType).end(await text);
          return undefined;
        },
      },
    ],
  ]);
}

async function generate(
  exchange: Exchange,
  stats: WorkerStats,
  limits: ServerLimits,
): Promise<AppError | undefined> {
  const { backend, card, admission, response, abort, fields } = exchange;
  const request = await readBody(exchange.request, generateRequestSchema);
  fields.requestId = request.requestId;
  fields.model = request.model;
  checkModel(card, request.model);
  const { signal } = abort;
  const { generationMsMax } = limits;
  const limit = setTimeout(() => {
    const seconds = generationMsMax / 1_000;
    const message = `The answer took longer than ${seconds} s and was ended.`;
    abort.abort(new AppError("timeout", { message }));
  }, generationMsMax);
  try {
    const { stallMsMax, progressMs } = limits;
    const message = exchange.request;
    return await streamGeneration({
      ...{ backend, admission, stats, request, message, response, signal, fields },
      ...{ stallMsMax, progressMs },
    });
  } finally {
    clearTimeout(limit);
  }
}

const embed = (exchange: Exchange) =>
  read(exchange, embedRequestSchema, (request, signal) => exchange.backend.embed(request, signal));
const rerank = (exchange: Exchange) =>
  read(exchange, rerankRequestSchema, (request, signal) =>
    exchange.backend.rerank(request, signal),
  );
const classify = (exchange: Exchange) =>
  read(exchange, classifyRequestSchema, (request, signal) =>
    exchange.backend.classify(request, signal),
  );

async function read<Request extends ToRead & { requestId: string; model: string }>(
  exchange: Exchange,
  schema: z.ZodType<Request>,
  call: (request: Request, signal: AbortSignal) => Promise<{ promptTokens: number }>,
): Promise<undefined> {
  const { card, admission, fields, response, abort, stats } = exchange;
  const request = await readBody(exchange.request, schema);
  Object.assign(fields, { requestId: request.requestId, model: request.model });
  checkModel(card, request.model);
  const { signal } = abort;
  const show = () => stats.vllm.enter(request.model);
  const reading = { request, admission, meter: stats.work, show, response, signal };
  await readTexts({ ...reading, call: () => call(request, signal) });
  return undefined;
}

const tokenize = (it: Exchange) =>
  consult(it, tokenizeRequestSchema, (body, signal) => it.backend.tokenize(body, signal));
const detokenize = (it: Exchange) =>
  consult(it, detokenizeRequestSchema, (body, signal) => it.backend.detokenize(body, signal));
const tokenizerInfo = (it: Exchange) =>
  consult(it, tokenizerInfoRequestSchema, (body, signal) => it.backend.tokenizerInfo(body, signal));

/** What asks the tokenizer alone waits for no slot. */
async function consult<Request extends { model: string }>(
  { card, request, response, abort, fields }: Exchange,
  schema: z.ZodType<Request>,
  call: (request: Request, signal: AbortSignal) => Promise<unknown>,
): Promise<undefined> {
  const body = await readBody(request, schema);
  fields.model = body.model;
  checkModel(card, body.model);
  sendJson(response, await call(body, abort.signal));
  return undefined;
}
