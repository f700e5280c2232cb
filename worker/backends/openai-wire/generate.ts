import { AppError } from "@/lib/errors";
import type { GenerateEvent, GenerationStart } from "@/lib/protocol/generate-event";
import type { GenerateRequest } from "@/lib/protocol/generate-request";
import { expectHonoured } from "@/lib/protocol/request-fields";
import { UPSTREAM_EVENT_BYTES_MAX, UPSTREAM_REPLY_BYTES_MAX } from "@/lib/upstream-limits";
import { ServerSentEventReader } from "@/lib/util/server-sent-events";
import { fromToldError, type UpstreamAbout } from "../upstream-error";
import { AnswerReader } from "./answer-reader";
import type { Dialect } from "./dialect";
import type { Exchange } from "./exchange";
import { toWireCall } from "./request-body";
import type { Upstream } from "./upstream";
import { type Chunk, chunkSchema } from "./wire";
import type { WireModel } from "./wire-model";

export type WireGeneration = {
  upstream: Upstream;
  model: WireModel;
  request: GenerateRequest;
  signal: AbortSignal;
};

/**
 * One answer of a server of OpenAI's wire, as our events. Leaving the iteration closes the server's request.
 *
 * @throws AppError `unsupported-parameter` before the server is asked, and those of upstream-error.ts.
 */
export async function* generateByWire(asked: WireGeneration): AsyncGenerator<GenerateEvent> {
  const { upstream, model, request, signal } = asked;
  const { dialect, upstreamName } = model;
  expectHonoured(request, honouredOf(dialect, request), dialect.title);
  const startedMs = performance.now();
  const call = toWireCall(request, { upstreamModel: upstreamName, dialect });
  const about = { model: model.name, upstreamModel: upstreamName };
  const reader = new AnswerReader({ request, contextLength: model.contextLength });
  let exchange: Exchange | undefined;
  try {
    exchange = await upstream.post(call.path, call.body, { signal, about });
    yield toStart(asked);
    for await (const chunk of readChunks(exchange, about)) {
      yield* reader.take(chunk);
      if (reader.isCut) break;
    }
    if (!reader.isCut) yield* reader.finish();
    const nowMs = performance.now();
    yield {
      type: "generation-end",
      ...reader.toEnding(),
      timing: {
        queuedMs: 0,
        firstTokenMs: (reader.firstMs ?? nowMs) - startedMs,
        durationMs: nowMs - startedMs,
      },
    };
    // What was cut here is still being written there.
    if (!reader.isCut) exchange.settle();
  } catch (error) {
    // The contract: after an abort the events just end.
    if (signal.aborted) return;
    throw error;
  } finally {
    if (reader.isCut || !reader.isEnded) exchange?.close();
  }
}

/** Stop strings are looked for here where the server knows none. */
function honouredOf({ honoured, completionHonoured }: Dialect, request: GenerateRequest) {
  const its = request.prompt === undefined ? honoured : (completionHonoured ?? honoured);
  return its.has("stop") ? its : new Set([...its, "stop" as const]);
}

function toStart({ model, request }: WireGeneration): GenerationStart {
  const { samplingDefaults, honoured } = model.dialect;
  const { seed, ...sampling } = request.sampling;
  return {
    type: "generation-start",
    ...{ model: model.name, build: model.build },
    sampling: {
      ...samplingDefaults,
      ...sampling,
      ...(seed !== undefined && honoured.has("sampling.seed") && { seed }),
    },
    maxTokens: request.maxTokens ?? model.contextLength,
  };
}

const DONE = "[DONE]";

/** The chunks of a stream; a reply that came whole although a stream was asked for is one chunk. */
async function* readChunks(exchange: Exchange, about: UpstreamAbout): AsyncGenerator<Chunk> {
  if (exchange.contentType === "application/json") {
    yield toChunk(await exchange.readText(UPSTREAM_REPLY_BYTES_MAX), about);
    return;
  }
  if (exchange.contentType !== "text/event-stream") {
    throw new AppError("upstream-invalid", {
      message: `The server behind this model answers with ${exchange.contentType || "no type"} instead of a stream of events.`,
    });
  }
  const events = new ServerSentEventReader(UPSTREAM_EVENT_BYTES_MAX);
  let isEnded = false;
  for (;;) {
    const bytes = await exchange.read();
    for (const { event, data } of bytes ? events.push(bytes) : events.end()) {
      if (data.trim() === DONE) return;
      const chunk = toChunk(data, about, event);
      isEnded ||= chunk.choices?.[0]?.finish_reason != null;
      yield chunk;
    }
    if (bytes) continue;
    if (isEnded) return;
    throw new AppError("worker-lost", {
      message: "The server behind this model ended the answer half-way.",
    });
  }
}

/** @throws AppError the error that it tells of, or `upstream-invalid`. */
function toChunk(data: string, about: UpstreamAbout, event = ""): Chunk {
  const value = parse(data);
  const parsed = chunkSchema.safeParse(value);
  if (event === "error" || (parsed.success && parsed.data.error != null)) {
    throw fromToldError(value ?? data, about);
  }
  // Pings and the like are objects without choices; what has choices of another form is not read.
  if (parsed.success) return parsed.data;
  throw new AppError("upstream-invalid", {
    message: "The server behind this model sent what is no chunk of an answer.",
    cause: parsed.error,
  });
}

/** Undefined for what is no JSON, which no schema takes. */
function parse(data: string): unknown {
  try {
    return JSON.parse(data);
  } catch {
    // Never quoted: it may hold a caller's text.
    return undefined;
  }
}
