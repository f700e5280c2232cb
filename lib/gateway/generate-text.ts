import type { ApiCaller } from "@/lib/auth/api-caller";
import type { Controller } from "@/lib/controller/controller";
import { AppError, toAppError } from "@/lib/errors";
import type { GenerateRequest } from "@/lib/protocol/generate-request";
import { Meter } from "@/lib/usage/meter";
import { createId } from "@/lib/util/id";
import { generate } from "./generate";

export type GenerateTextOptions = {
  controller: Controller;
  /** Whom it is charged to, and under what: no caller of the API, but a part of the platform. */
  caller: ApiCaller;
  endpoint: string;
  request: Pick<GenerateRequest, "model" | "messages" | "grammar"> & {
    maxTokens: number;
    sampling?: GenerateRequest["sampling"];
  };
  /** For the whole answer, the waits before it included. */
  msMax: number;
  signal: AbortSignal;
};

/**
 * One answer that the platform asks for itself, read to its end: the text without what the model thought.
 *
 * @throws AppError `timeout` after `msMax`, whatever keeps a worker from answering, or what ended the answer; the
 * signal's reason where that aborts.
 */
export async function generateText(options: GenerateTextOptions): Promise<string> {
  const { caller, endpoint, request, msMax, signal } = options;
  const requestId = createId();
  const limit = new AbortController();
  const timer = setTimeout(() => limit.abort(tookTooLong(request.model, msMax)), msMax).unref();
  const meter = new Meter({ caller, endpoint, asked: request.model, requestId });
  try {
    const ending = AbortSignal.any([signal, limit.signal]);
    const text = await readText({ ...options, signal: ending }, { requestId, meter });
    meter.close("complete");
    return text;
  } catch (error) {
    meter.close(signal.aborted ? "cancelled" : toAppError(error).code);
    // Not what the abort looked like on the way to the worker.
    signal.throwIfAborted();
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

async function readText(
  { controller, request, signal }: GenerateTextOptions,
  { requestId, meter }: { requestId: string; meter: Meter },
): Promise<string> {
  signal.throwIfAborted();
  const { events } = await generate({
    ...{ controller, signal, meter, isWhole: true, isOfHouse: true },
    request: { sampling: {}, ...request, requestId, stop: [], splitReasoning: true },
  });
  let text = "";
  for await (const event of events) {
    if (event.type === "text-delta") text += event.text;
    if (event.type === "generation-error") {
      const { code, message, param } = event;
      throw new AppError(code, { message, param });
    }
  }
  // The events of an answer that nobody wants any more just end.
  signal.throwIfAborted();
  return text;
}

function tookTooLong(model: string, msMax: number): AppError {
  const message = `${model} gave no answer within ${msMax / 1_000} s.`;
  return new AppError("timeout", { message });
}
