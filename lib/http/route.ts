import type * as z from "zod";
import type { ApiCaller } from "@/lib/auth/api-caller";
import { hashNetwork } from "@/lib/auth/network";
import { type AppError, toAppError } from "@/lib/errors";
import { visitorGate } from "@/lib/integrity/visitor-gate";
import { BODY_BYTES_MAX } from "@/lib/limits";
import type { ApiScope } from "@/lib/protocol/api-key";
import { readCallersVia } from "@/lib/protocol/via";
import type { LineFields } from "@/lib/telemetry/line-log";
import { type Log, log as processLog, requestLines } from "@/lib/telemetry/log";
import type { Span } from "@/lib/telemetry/trace";
import { describeMeter } from "@/lib/usage/describe-meter";
import { usageFlusher } from "@/lib/usage/flusher";
import { usageLedger } from "@/lib/usage/ledger";
import { Meter } from "@/lib/usage/meter";
import type { Stop, StopSignal } from "@/lib/util/stop";
import { authenticate, type Caller, type WorkerCaller } from "./authenticate";
import { clientAddress } from "./client-address";
import { type Deadline, readDeadline } from "./deadline";
import { type ErrorShape, errorReply } from "./error-reply";
import type { StreamEnd } from "./event-stream";
import { requestSeconds, toRouteLabel } from "./http-metrics";
import { leftOf } from "./light-request";
import { parseBody } from "./parse-body";
import { ANTHROPIC_REQUEST_ID_HEADER, REQUEST_ID_HEADER, readRequestId } from "./request-id";
import { beginRequestSpan, endRequestSpan } from "./request-span";
import { streamEnd } from "./stream-reply";

export type RouteOptions<Schema extends z.ZodType, Who extends Caller> = {
  /** Whose error object this route speaks. */
  shape: ErrorShape;
  /** Whose it is where the request says so. */
  shapeOf?: (headers: Headers) => ErrorShape;
  /** Who is let in: see authenticate.ts. */
  caller: Who;
  /** What a key must allow, where `caller` is `api`; `generate` unless told. */
  scope?: ApiScope;
  /** Reads the body; without it none is read. */
  body?: Schema;
  bodyBytesMax?: number;
  /** BODY_VALUES_MAX unless told. */
  bodyValuesMax?: number;
  /** Asked every few seconds by programs: its successes are for those who look for them (debug). */
  isRoutine?: boolean;
  /** The path itself holds a secret: the log has the route's in its place. */
  hidesPath?: boolean;
  /** The route in metrics, where the path with its parameters taken out would not do. */
  name?: string;
};

export type RouteInput<Schema extends z.ZodType, Who extends Caller> = {
  request: Request;
  params: Record<string, string>;
  body: z.output<Schema>;
  /**
   * Aborts when the client leaves, also in the middle of a streamed answer; and with an AppError, which is
   * then to be told: `timeout` when the client's own time is up (deadline.ts), `unauthenticated` when its
   * key was revoked or has expired.
   */
  readonly signal: AbortSignal;
  /** The same for whoever takes one of ours: a signal is made when it is asked for, and takes 4 µs. */
  readonly stop: StopSignal;
  requestId: string;
  visitorId: Who extends "visitor" ? string : undefined;
  /** A keyed hash of the network that the request came from (auth/network.ts), made when it is asked for. */
  readonly network: string;
  /** Who calls the API, or as a worker's parent, and what this request has used so far. */
  api: Who extends "api" | "parent" ? ApiCaller : undefined;
  meter: Who extends "api" | "parent" ? Meter : undefined;
  /** By what a worker was let in. */
  worker: Who extends "worker" ? WorkerCaller : undefined;
  log: Log;
};

type Params = Record<string, string | string[] | undefined>;

/** What Next hands a route; a catch-all parameter is a list and reaches handlers joined by slashes. */
export type RouteContext = {
  /** Next's are a promise, ours are there. */
  params: Promise<Params> | Params;
  /** Ours alone: the path as the table of routes has it, `/v1/models/:id`. */
  label?: string;
  /** And the path as it was sent. */
  path?: string;
};
export type RouteHandler = (request: Request, context?: RouteContext) => Promise<Response>;

/**
 * Wraps a handler into a route: request id in and out, the caller let in, the body parsed, whatever is
 * thrown turned into the error object of `shape`, one log line and one measurement a request.
 *
 * @example
 * export const POST = route({ shape: "parley", caller: "visitor", body: markBodySchema },
 *   async ({ body: mark, visitorId }) => jsonReply(await markAnswer(arena(), { visitorId, mark })));
 */
export function route<Schema extends z.ZodType, Who extends Caller>(
  base: RouteOptions<Schema, Who>,
  handler: (input: RouteInput<Schema, Who>) => Promise<Response> | Response,
): RouteHandler {
  const handle: RouteHandler = async (request, context) => {
    const options = base.shapeOf ? { ...base, shape: base.shapeOf(request.headers) } : base;
    const given = context?.params;
    const params = given instanceof Promise ? await given : given;
    const place = placeOf(request, { context, params, name: options.name });
    const exchange = new Exchange(request, place, options);
    const response = await answer(request, exchange, options, handler);
    response.headers.set(REQUEST_ID_HEADER, exchange.requestId);
    if (options.shape === "anthropic") {
      response.headers.set(ANTHROPIC_REQUEST_ID_HEADER, exchange.requestId);
    }
    if (exchange.meter) {
      const shape = options.shape === "anthropic" ? "anthropic" : "openai";
      const limits = usageLedger().headers(exchange.meter, shape);
      for (const name of Object.keys(limits)) response.headers.set(name, limits[name] ?? "");
    }
    finishExchange(exchange, response);
    return response;
  };
  made.set(handle, base);
  return handle;
}

const made = new WeakMap<RouteHandler, RouteOptions<z.ZodType, Caller>>();

/** What a handler was made with, so that the API's description can be held to it; undefined for one not made here. */
export function routeOptions(
  handler: RouteHandler,
): Readonly<RouteOptions<z.ZodType, Caller>> | undefined {
  return made.get(handler);
}

type AnyOptions = RouteOptions<z.ZodType, Caller>;

/** What one request carries from its arrival to its log line; to its handler, its input. */
class Exchange {
  readonly request: Request;
  readonly requestId: string;
  readonly method: string;
  readonly path: string;
  readonly label: string;
  readonly isRoutine: boolean;
  readonly params: Record<string, string>;
  readonly arrivedMs = performance.now();
  readonly left: Stop;
  readonly span: Span | undefined;
  body: unknown;
  visitorId: string | undefined;
  api: ApiCaller | undefined;
  meter: Meter | undefined;
  worker: WorkerCaller | undefined;
  deadline: Deadline | undefined;
  #log: Log | undefined;

  constructor(
    request: Request,
    { path, label, params }: Place,
    { isRoutine = false, hidesPath = false }: Pick<AnyOptions, "isRoutine" | "hidesPath">,
  ) {
    this.request = request;
    this.requestId = readRequestId(request.headers);
    this.method = request.method;
    this.path = hidesPath ? label : path;
    this.label = label;
    this.isRoutine = isRoutine;
    this.params = params;
    this.left = leftOf(request);
    this.span = isRoutine ? undefined : beginRequestSpan(request, this);
  }

  /** Made for who has something to say. */
  get log(): Log {
    this.#log ??= processLog.child({ requestId: this.requestId });
    return this.#log;
  }

  get network(): string {
    return hashNetwork(clientAddress(this.request));
  }

  get signal(): AbortSignal {
    return this.left.real;
  }

  get stop(): StopSignal {
    return this.left;
  }
}

type Place = { path: string; label: string; params: Record<string, string> };

type Given = {
  context: RouteContext | undefined;
  params: Params | undefined;
  name: string | undefined;
};

function placeOf(request: Request, { context, params: given = {}, name }: Given): Place {
  const path = context?.path ?? new URL(request.url).pathname;
  const params = joinLists(given);
  return { path, label: name ?? context?.label ?? toRouteLabel(path, params), params };
}

function joinLists(given: Params): Record<string, string> {
  const params: Record<string, string> = {};
  for (const name of Object.keys(given)) {
    const value = given[name];
    params[name] = Array.isArray(value) ? value.join("/") : (value ?? "");
  }
  return params;
}

async function answer<Schema extends z.ZodType, Who extends Caller>(
  request: Request,
  exchange: Exchange,
  options: RouteOptions<Schema, Who>,
  handler: (input: RouteInput<Schema, Who>) => Promise<Response> | Response,
): Promise<Response> {
  try {
    const { caller, scope = "generate" } = options;
    const known = authenticate(request, caller, scope);
    const { visitorId, setCookie, api, worker } = known instanceof Promise ? await known : known;
    exchange.visitorId = visitorId;
    exchange.api = api;
    exchange.worker = worker;
    if (api) exchange.deadline = readDeadline(request.headers, exchange.arrivedMs);
    if (options.body) {
      exchange.body = await parseBody(request, {
        schema: options.body,
        bytesMax: options.bodyBytesMax ?? BODY_BYTES_MAX,
        valuesMax: options.bodyValuesMax,
      });
    }
    if (api) {
      // A promise only for the first request of a limited key in a while.
      const prepared = usageFlusher().prepare(api);
      if (prepared) await prepared;
      exchange.meter = openMeter(exchange, api, request);
      if (exchange.meter.asked !== "") exchange.meter.begin();
    }
    listen(exchange);
    // Its body is what the schema gave. `authenticate` gives a visitor's id, a caller or a worker exactly where
    // the route lets such in, and the meter goes with the caller.
    const input = exchange as unknown as RouteInput<Schema, Who>;
    const response = await handler(input);
    if (setCookie !== undefined) response.headers.append("set-cookie", setCookie);
    return response;
  } catch (thrown) {
    const error = toAppError(thrown);
    exchange.meter?.fail(error.code === "client-closed" ? "cancelled" : error.code);
    logFailure(exchange.log, error);
    return errorReply(error, options.shape, exchange.requestId);
  }
}

/** Aborts when the client leaves, has waited as long as it wants to, or may not go on: its key was revoked. */
function listen({ left, deadline, meter }: Exchange): void {
  const late = deadline?.signal;
  if (late?.aborted) left.abort(late.reason);
  else late?.addEventListener("abort", () => left.abort(late.reason), { once: true });
  meter?.onStop((reason) => left.abort(reason));
}

function openMeter(
  { label, requestId, span, body }: Exchange,
  caller: ApiCaller,
  request: Request,
): Meter {
  const isNamed = typeof body === "object" && body !== null && "model" in body;
  const asked = isNamed && typeof body.model === "string" ? body.model : "";
  const trace = span?.headers;
  const gate = caller.key
    ? undefined
    : visitorGate(caller, () => hashNetwork(clientAddress(request)));
  const via = readCallersVia(request.headers);
  const options = { caller, endpoint: label, asked, requestId, trace, via, gate };
  return new Meter({ ...options, isToldElsewhere: true });
}

/** A caller's mistake is the caller's to know; what failed on our side is written with its cause. */
function logFailure(log: Log, error: AppError): void {
  // Not the field: where it is unknown, its name is the client's word.
  if (error.status < 500) log.debug({ code: error.code }, "request refused");
  else if (error.code === "internal") log.error({ err: error.cause }, "request failed");
  else log.warn({ err: error }, "request failed");
}

/** The log line waits for the end of a stream; a stream that ends early stops the work behind it. */
function finishExchange(exchange: Exchange, response: Response): void {
  const ended = streamEnd(response);
  if (ended === undefined) {
    exchange.deadline?.clear();
    exchange.meter?.close("complete");
    writeLine(exchange, response.status);
    return;
  }
  void ended.then((end) => {
    exchange.deadline?.clear();
    exchange.meter?.close(end);
    if (end !== "complete") exchange.left.abort(new DOMException("The reader left.", "AbortError"));
    writeLine(exchange, response.status, end);
  });
}

/** Never content, never a query string: ids, a path, names of models and numbers. */
function writeLine(exchange: Exchange, status: number, stream?: StreamEnd): void {
  const { requestId, method, path, label, isRoutine, meter } = exchange;
  const elapsedMs = performance.now() - exchange.arrivedMs;
  requestSeconds.observe({ route: label, method, status: String(status) }, elapsedMs / 1000);
  if (exchange.span) endRequestSpan(exchange.span, { status, stream, meter });
  const ms = Math.round(elapsedMs * 10) / 10;
  const line: LineFields = { requestId, method, path, status, ms, stream };
  const used = meter && meter.asked !== "" ? describeMeter(meter) : undefined;
  if (isRoutine && status < 400) requestLines.debug(line, "request", used);
  else requestLines.info(line, "request", used);
}
