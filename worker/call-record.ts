import type { IncomingMessage, ServerResponse } from "node:http";
import type { AppError } from "@/lib/errors";
import type { Log } from "@/lib/telemetry/log";
import { type Span, tracer } from "@/lib/telemetry/trace";
import type { Outcome, WorkerStats } from "./worker-stats";

/** What a call has come to: names, times and numbers of tokens, never what was said. */
export type CallFields = {
  requestId?: string;
  model?: string;
  queuedMs?: number;
  firstTokenMs?: number;
  promptTokens?: number;
  completionTokens?: number;
  cachedPromptTokens?: number;
  finishReason?: string;
};

/** Its log line. */
type CallLine = CallFields & {
  path?: string;
  status?: number;
  outcome?: Outcome;
  durationMs?: number;
  code?: string;
  err?: unknown;
};

/** Of a path that is none of ours; it may be anything. */
const PATH_CHARACTERS_MAX = 80;

/** One call from its arrival to its end: counted, written to the log and, where that is asked for, traced. */
export class CallRecord {
  readonly fields: CallFields;
  readonly #path: string;
  readonly #isWork: boolean;
  readonly #isKnown: boolean;
  readonly #arrivedMs = performance.now();
  readonly #span: Span | undefined;

  /** @param isWork unlike probes and readings of numbers. */
  constructor(request: IncomingMessage, path: string, kind: { isKnown: boolean; isWork: boolean }) {
    this.#path = path;
    this.#isKnown = kind.isKnown;
    this.#isWork = kind.isWork;
    const requestId = readHeader(request, "x-request-id")?.slice(0, 128);
    this.fields = requestId === undefined ? {} : { requestId };
    if (kind.isWork) this.#span = beginSpan(request, path);
  }

  end(
    { statusCode: status }: ServerResponse,
    error: AppError | undefined,
    { stats, log }: { stats: WorkerStats; log: Log },
  ): void {
    const outcome = toOutcome(error);
    // Unknown paths share one label, so that a scanner cannot grow the metrics; probes are not work.
    if (this.#isWork) stats.countRequest(this.#path.slice(1), outcome);
    if (this.#span) endSpan(this.#span, { status, error, fields: this.fields });
    // The fields go on as the line: a copy by spreading takes as long as writing it.
    const line: CallLine = this.fields;
    line.path = this.#isKnown ? this.#path : this.#path.slice(0, PATH_CHARACTERS_MAX);
    line.status = status;
    line.outcome = outcome;
    line.durationMs = Math.round(performance.now() - this.#arrivedMs);
    if (error) line.code = error.code;
    if (outcome === "failed") {
      line.err = error?.cause ?? error;
      log.error(line, "request failed");
    } else if (this.#isWork) log.info(line, "request");
    else log.debug(line, "request");
  }
}

function toOutcome(error: AppError | undefined): Outcome {
  if (!error) return "done";
  if (error.code === "client-closed") return "aborted";
  return error.status < 500 || error.code === "not-supported" ? "refused" : "failed";
}

/** The worker's part of a request, within the web process's; undefined where nothing is traced. */
function beginSpan(request: IncomingMessage, path: string): Span | undefined {
  const active = tracer();
  if (active === undefined) return undefined;
  const traceparent = readHeader(request, "traceparent");
  const tracestate = readHeader(request, "tracestate");
  return active.begin({
    name: `POST ${path}`,
    kind: "server",
    parent:
      traceparent === undefined ? undefined : { traceparent, ...(tracestate && { tracestate }) },
    attributes: { "http.request.method": "POST", "http.route": path, "url.scheme": "http" },
  });
}

function endSpan(
  span: Span,
  { status, error, fields }: { status: number; error: AppError | undefined; fields: CallFields },
): void {
  span.set({
    "http.response.status_code": status,
    "parley.request.id": fields.requestId,
    "parley.model": fields.model,
    "parley.queued_ms": fields.queuedMs,
    "parley.first_token_ms": fields.firstTokenMs,
    "parley.cached_prompt_tokens": fields.cachedPromptTokens,
  });
  span.end(error?.code);
}

function readHeader(request: IncomingMessage, name: string): string | undefined {
  const value = request.headers[name];
  return typeof value === "string" && value !== "" ? value : undefined;
}
