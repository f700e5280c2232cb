import type { IncomingMessage, ServerResponse } from "node:http";
import { AppError, toAppError } from "@/lib/errors";
import { isWholeDelivery, wantsWaits } from "@/lib/protocol/delivery";
import type { GenerateEvent, GenerationWaiting } from "@/lib/protocol/generate-event";
import type { GenerateRequest } from "@/lib/protocol/generate-request";
import { measureRequest } from "@/lib/protocol/measure-request";
import { toJsonLine } from "@/lib/util/json-lines";
import type { Admission, Slot } from "./admission";
import { AnswerAccount } from "./answer-account";
import { AnswerLines } from "./answer-lines";
import type { Backend } from "./backend";
import type { CallFields } from "./call-record";
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
  /** What the request came in. */
  message: IncomingMessage;
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
  const { admission, backend, request, response, signal, stats, fields, stallMsMax } = options;
  const ticket = admission.enter(signal);
  const shown = stats.vllm.enter(request.model);
  const work = stats.work.enter(measureRequest(request));
  const isWhole = isWholeDelivery(options.message.headers);
  const lines = new AnswerLines(response, { isWhole, signal, stallMsMax });
  const stopProgress = showProgress(options, lines);
  let slot: Slot | undefined;
  try {
    slot = await ticket.slot;
    shown.started();
    work.start();
    const { queuedMs } = slot;
    const account = new AnswerAccount({
      ...{ admission, stats, request, fields, queuedMs, shown, work },
    });
    const tellWait = (event: GenerationWaiting) => {
      lines.write(toJsonLine(event));
      // Also to who wants the rest in one piece: it says why there is nothing yet.
      lines.flush();
    };
    const onWaiting = wantsWaits(options.message.headers) ? tellWait : undefined;
    let hasBegun = isWhole;
    for await (const event of backend.generate(request, signal, onWaiting)) {
      signal.throwIfAborted();
      lines.write(toJsonLine(account.enter(event)));
      if (!hasBegun && isPiece(event)) {
        hasBegun = true;
        // Of a hundred pieces that a server has said at once the first does not wait for the last to be read.
        lines.flush();
      }
      // A backend may report its failure as an event instead of throwing it.
      if (event.type === "generation-error") return toReportedError(event);
      if (lines.isFull) await lines.whenTaken();
    }
    signal.throwIfAborted();
    account.close();
    return undefined;
  } catch (cause) {
    const error = toAppError(signal.aborted ? signal.reason : cause);
    if (error.code === "client-closed") shown.ended("abort");
    const { code, message, param, retryable, retryAfterSeconds } = error;
    // What is undefined is no part of JSON.
    const event = { code, message, param, retryable, retryAfterSeconds };
    lines.write(toJsonLine({ type: "generation-error", ...event }));
    return error;
  } finally {
    stopProgress?.();
    work.end();
    slot?.release();
    // What has not ended by itself did not end well.
    shown.ended("error");
    lines.end();
  }
}

/** What a reader has waited for: something of the answer itself. */
function isPiece({ type }: GenerateEvent): boolean {
  return type === "text-delta" || type === "reasoning-delta" || type === "tool-call-start";
}

/**
 * Writes an empty line, which readers skip, when the model has worked since the last time: a long prompt
 * takes longer to be read than the web waits for a worker that says nothing.
 *
 * @returns what ends it; undefined for a backend that does not tell.
 */
function showProgress(
  { backend, request, progressMs }: GenerationOptions,
  lines: AnswerLines,
): (() => void) | undefined {
  let before = backend.passCount?.(request.model);
  if (before === undefined) return undefined;
  const timer = setInterval(() => {
    const now = backend.passCount?.(request.model);
    if (now !== before) {
      lines.write("\n");
      lines.flush();
    }
    before = now;
  }, progressMs);
  return () => clearInterval(timer);
}

function toReportedError(event: Extract<GenerateEvent, { type: "generation-error" }>): AppError {
  return new AppError(event.code, { message: event.message, param: event.param });
}
