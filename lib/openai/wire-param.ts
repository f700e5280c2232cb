import { AppError, isAppError } from "@/lib/errors";

/** A worker names the fields of its own protocol, which clients of this API never saw. */
const WIRE_PARAMS: Record<string, string> = {
  ignoreEos: "ignore_eos",
  logProbabilityCount: "logprobs",
  maxTokens: "max_completion_tokens",
  minTokens: "min_tokens",
  stopTokenIds: "stop_token_ids",
  "sampling.frequencyPenalty": "frequency_penalty",
  "sampling.logitBias": "logit_bias",
  "sampling.minP": "min_p",
  "sampling.presencePenalty": "presence_penalty",
  "sampling.repetitionPenalty": "repetition_penalty",
  "sampling.topK": "top_k",
  "sampling.topP": "top_p",
};

export function toWireParam(param: string): string {
  return Object.hasOwn(WIRE_PARAMS, param) ? (WIRE_PARAMS[param] ?? param) : param;
}

/** What a generation was refused with, with the field under the client's name for it. */
export function inWireWords(error: unknown): unknown {
  if (!isAppError(error) || error.param === undefined) return error;
  const { code, message, retryAfterSeconds, cause } = error;
  return new AppError(code, {
    ...{ message, retryAfterSeconds, cause },
    param: toWireParam(error.param),
  });
}
