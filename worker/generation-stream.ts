import { once } from "node:events";
import type { ServerResponse } from "node:http";
import { AppError, toAppError } from "@/lib/errors";
import type { GenerateEvent } from "@/lib/protocol/generate-event";
import type { GenerateRequest } from "@/lib/protocol/generate-request";
import { measureRequest } from "@/lib/protocol/measure-request";
import { assert } from "@/lib/util/assert";
import { toJsonLine } from "@/lib/util/json-lines";
import type { Admission, Slot } from "./admission";
import type { Backend } from "./backend";
import type { CallFields } from "./call-record";
import { tellLoad, tellLoadWithoutOne } from "./tell-load";
import { type RequestMetrics, toFinishedReason } from "./vllm-metrics";
import type { Work } from "./work-meter";
import type { WorkerStats } from "./worker-stats";

/**
 * One generation as JSON lines. The head goes out as soon as the request is admitted, also when it
 * waits for a slot, so that the web can tell a busy worker from a dead one; what fails afterwards is
 * the stream's last event.
 */

export type GenerationOptions = {
  backend: Backend;
  admission: Admission;
  stats: WorkerStats;
  request: GenerateRequest;
  response: ServerResponse;
  signal: AbortSignal;
  /** How long a reader may take nothing while events wait for it. */
  stallMsMax: number;
  progressMs: number;
  /** What the log line says of the answer: times and numbers of tokens. */
  fields: CallFields;
};

/**
 * Streams to the end; returns what went wrong after the head, if anything.
 *
 * @throws AppError `overloaded` before the head.
 */
export async function streamGeneration(options: GenerationOptions): Promise<AppError | undefined> {
  const { admission, response, signal } = options;
  const ticket = admission.enter(signal);
  const shown = options.stats.vllm.enter(options.request.model);
  const work = options.stats.work.enter(measureRequest(options.request));
  response.writeHead(200, {
    "content-type": "application/x-ndjson; charset=utf-8",
    "cache-control": "no-store",
  });
  response.flushHeaders();
  let slot: Slot | undefined;
  const progress = setInterval(showProgress(options), options.progressMs);
  try {
    slot = await ticket.slot;
    shown.started();
    work.start();
    const { queuedMs } = slot;
    for await (const event of readEvents(options, { queuedMs, shown, work })) {
      await writeLine(options, toJsonLine(event));
      // A backend may report its failure as an event instead of throwing it.
      if (event.type === "generation-error") return toReportedError(event);
    }
    return undefined;
  } catch (cause) {
    const error = toAppError(signal.aborted ? signal.reason : cause);
    if (error.code === "client-closed") shown.ended("abort");
    const { code, message, param, retryable } = error;
    const event = { type: "generation-error", code, message, retryable };
    if (response.writable) response.write(toJsonLine(param ? { ...event, param } : event));
    return error;
  } finally {
    clearInterval(progress);
    work.end();
    slot?.release();
    // What has not ended by itself did not end well.
    shown.ended("error");
    response.end();
  }
}

/**
 * Writes an empty line, which readers skip, when the model has worked since the last time: a long prompt
 * takes longer to be read than the web waits for a worker that says nothing.
 */
function showProgress({ backend, request, response }: GenerationOptions): () => void {
  let before = backend.passCount?.(request.model);
  return () => {
    const now = backend.passCount?.(request.model);
    if (now !== before && response.writable) response.write("\n");
    before = now;
  };
}

/** The backend's events, held to their order, counted, and with the wait for the slot added to the times. */
async function* readEvents(
  { backend, admission, request, signal, stats, fields }: GenerationOptions,
  { queuedMs, shown, work }: { queuedMs: number; shown: RequestMetrics; work: Work },
): AsyncGenerator<GenerateEvent> {
  let last: GenerateEvent["type"] | undefined;
  // Those that another worker has drawn are its own.
  const resumed = request.resume?.tokenIds.length ?? 0;
  let counted = resumed;
  let written = resumed;
  for await (const event of backend.generate(request, signal)) {
    signal.throwIfAborted();
    assert(last !== "generation-end", "nothing follows the end of a generation");
    assert(
      (event.type === "generation-start") === (last === undefined) ||
        event.type === "generation-error",
      "a generation starts once and first",
    );
    last = event.type;
    if (event.type === "generation-start") {
      stats.countTokens("prompt", event.promptTokens);
      shown.prompt(event.promptTokens);
      work.prompt(event.promptTokens + resumed, event.maxTokens - resumed);
      yield { ...event, load: tellLoad(admission, stats.work) };
      continue;
    }
    if ("tokens" in event && typeof event.tokens === "number") {
      work.wrote(event.tokens);
      written += event.tokens;
    }
    if (event.type === "text-delta") {
      stats.countTokens("completion", event.tokens);
      shown.wrote(event.tokens);
      counted += event.tokens;
    }
    if (event.type !== "generation-end") {
      yield event;
      continue;
    }
    // Tokens that made no text of their own: the end of turn, the rest of a stop string.
    assert(
      event.usage.completionTokens >= counted,
      "deltas stand for no more tokens than were used",
    );
    stats.countTokens("completion", event.usage.completionTokens - counted);
    stats.countCachedTokens(event.usage.cachedPromptTokens ?? 0);
    shown.count(event.usage.completionTokens - counted);
    shown.cached(event.usage.cachedPromptTokens ?? 0);
    shown.ended(toFinishedReason(event.finishReason));
    const timing = {
      queuedMs: event.timing.queuedMs + queuedMs,
      firstTokenMs: event.timing.firstTokenMs + queuedMs,
      durationMs: event.timing.durationMs + queuedMs,
    };
    stats.observeEnd(timing);
    Object.assign(fields, {
      queuedMs: Math.round(timing.queuedMs),
      firstTokenMs: Math.round(timing.firstTokenMs),
      ...event.usage,
      finishReason: event.finishReason,
    });
    work.wrote(Math.max(0, event.usage.completionTokens - written));
    work.end();
    yield { ...event, timing, load: tellLoadWithoutOne(admission, stats.work) };
  }
  signal.throwIfAborted();
  assert(last === "generation-end" || last === "generation-error", "a generation has an end");
}

function toReportedError(event: Extract<GenerateEvent, { type: "generation-error" }>): AppError {
  return new AppError(event.code, { message: event.message, param: event.param });
}

/** Waits while the reader is slower than the model; a reader that stopped is cut off. */
async function writeLine({ response, signal, stallMsMax }: GenerationOptions, line: string) {
  if (response.write(line)) return;
  const stalled = setTimeout(() => response.destroy(), stallMsMax);
  try {
    await once(response, "drain", { signal });
  } finally {
    clearTimeout(stalled);
  }
}
