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
import { toWireCall, type WireCall } from "./request-body";
import type { Upstream } from "./upstream";
import { type Chunk, chunkSchema } from "./wire";
import type { WireModel } from "./wire-model";

export type WireGeneration = {
  upstream: Upstream;
  model: WireModel;
  request: GenerateRequest;
  signal: AbortSignal;
};

export type AskedGeneration = Omit<WireGeneration, "upstream"> & {
  /** Asks the server, and resolves when it has begun to answer. */
  ask: (call: WireCall) => Promise<WireAnswer>;
};

/** What a server answers, and how its connection is let go of: `settle` after its end, else `close`. */
export type WireAnswer = Pick<Exchange, "settle" | "close"> & { chunks: AsyncIterable<Chunk> };

/**
 * One answer of a server of OpenAI's wire, as our events. Leaving the iteration closes the server's request.
 *
 * @throws AppError `unsupported-parameter` before the server is asked, and those of upstream-error.ts.
 */
export function generateByWire({
  upstream,
  ...asked
}: WireGeneration): AsyncGenerator<GenerateEvent> {
  const { model, signal } = asked;
  const about = upstream.conceal({ model: model.name, upstreamModel: model.upstreamName });
  const { afterwordMsMax } = upstream;
  const ask = async (call: WireCall): Promise<WireAnswer> => {
    const exchange = await upstream.postCall(call, { signal, about });
    return {
      chunks: readChunks(exchange, { about, afterwordMsMax }),
      settle: () => exchange.settle(),
      close: () => exchange.close(),
    };
  };
  return generateByChunks({ ...asked, ask });
}

/** The same of a server that is asked in another way. Throws as `generateByWire`, and what `ask` throws. */
export async function* generateByChunks(asked: AskedGeneration): AsyncGenerator<GenerateEvent> {
  const { model, request, signal } = asked;
  const { dialect, upstreamName } = model;
  expectHonoured(request, honouredOf(dialect, request), dialect.title);
  const startedMs = performance.now();
  const call = toWireCall(request, { upstreamModel: upstreamName, dialect });
  const reader = new AnswerReader({ request, contextLength: model.contextLength });
  let answer: WireAnswer | undefined;
  try {
    answer = await asked.ask(call);
    yield toStart(asked);
    for await (const chunk of answer.chunks) {
      yield* reader.take(chunk);
      if (reader.isCut) break;
    }
    if (signal.aborted) return;
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
  } catch (error) {
    // The contract: after an abort the events just end.
    if (signal.aborted) return;
    throw error;
  } finally {
    // What was cut here, or left, is still being written there.
    if (reader.isCut || !reader.isEnded) answer?.close();
    else answer?.settle();
  }
}

/** Stop strings are looked for here where the server knows none. */
function honouredOf({ honoured, completionHonoured }: Dialect, request: GenerateRequest) {
  const its = request.prompt === undefined ? honoured : (completionHonoured ?? honoured);
  return its.has("stop") ? its : new Set([...its, "stop" as const]);
}

export function toStart({
  model,
  request,
}: Pick<AskedGeneration, "model" | "request">): GenerationStart {
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
async function* readChunks(exchange: Exchange, reading: Reading): AsyncGenerator<Chunk> {
  const { about, afterwordMsMax } = reading;
  if (exchange.contentType === "application/json") {
    const whole = toChunk(await exchange.readText(UPSTREAM_REPLY_BYTES_MAX), about);
    if (!hasChoice(whole)) throw noChunk();
    yield whole;
    return;
  }
  if (exchange.contentType !== "text/event-stream") {
    throw new AppError("upstream-invalid", {
      message: `The server behind this model answers with ${exchange.contentType || "no type"} instead of a stream of events.`,
    });
  }
  const events = new ServerSentEventReader(UPSTREAM_EVENT_BYTES_MAX);
  let hasBegun = false;
  let late: NodeJS.Timeout | undefined;
  try {
    for (;;) {
      // After the reason of its end the answer is whole, whatever becomes of the connection.
      const bytes = await (late ? exchange.read().catch(() => undefined) : exchange.read());
      for (const { event, data } of bytes ? events.push(bytes) : events.end()) {
        if (data.trim() === DONE && hasBegun) return;
        // Some keep a connection alive by events of nothing.
        if (data.trim() === "" || data.trim() === DONE) continue;
        const chunk = toChunk(data, about, event);
        hasBegun ||= hasChoice(chunk);
        if (chunk.choices?.[0]?.finish_reason != null) {
          late ??= setTimeout(() => exchange.close(), afterwordMsMax);
        }
        yield chunk;
      }
      if (bytes) continue;
      if (late) return;
      throw endedHalfWay();
    }
  } finally {
    clearTimeout(late);
  }
}

type Reading = { about: UpstreamAbout; afterwordMsMax: number };

const hasChoice = ({ choices }: Chunk) => (choices?.length ?? 0) > 0;

export function endedHalfWay(): AppError {
  return new AppError("worker-lost", {
    message: "The server behind this model ended the answer half-way.",
  });
}

/** @throws AppError the error that it tells of, or `upstream-invalid`. */
function toChunk(data: string, about: UpstreamAbout, event = ""): Chunk {
  const value = parse(data);
  if (event === "error") throw fromToldError(value ?? data, about);
  return readChunk(value, about);
}

/** A chunk of what a server sent as JSON. @throws AppError the error that it tells of, or `upstream-invalid`. */
export function readChunk(value: unknown, about: UpstreamAbout): Chunk {
  const parsed = chunkSchema.safeParse(value);
  if (parsed.success && isError(parsed.data)) throw fromToldError(value, about);
  // Pings and the like are objects without choices; what has choices of another form is not read.
  if (parsed.success) return parsed.data;
  throw noChunk(parsed.error);
}

const isError = ({ error, object }: Chunk) => error != null || object === "error";

function noChunk(cause?: unknown): AppError {
  return new AppError("upstream-invalid", {
    message: "The server behind this model sent what is no chunk of an answer.",
    cause,
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
