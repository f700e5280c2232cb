import { AppError, isAppError } from "@/lib/errors";

/** A worker names the fields of its own protocol, which clients of this API never saw. */
const WIRE_PARAMS: Record<string, string> = {
  grammar: "response_format",
  ids: "tokens",
  toolRequest: "tools",
  "toolRequest.choice": "tool_choice",
  "toolRequest.isParallel": "parallel_tool_calls",
  ignoreEos: "ignore_eos",
  logProbabilityCount: "logprobs",
  maxTokens: "max_completion_tokens",
  minTokens: "min_tokens",
  promptIds: "prompt",
  promptText: "prompt",
  reasoningEffort: "reasoning_effort",
  reportPrompt: "echo",
  stopTokenIds: "stop_token_ids",
  "sampling.frequencyPenalty": "frequency_penalty",
  "sampling.logitBias": "logit_bias",
  "sampling.minP": "min_p",
  "sampling.presencePenalty": "presence_penalty",
  "sampling.repetitionPenalty": "repetition_penalty",
  "sampling.seed": "seed",
  "sampling.temperature": "temperature",
  "sampling.topK": "top_k",
  "sampling.topP": "top_p",
};

/** Tools lie one level deeper in OpenAI's request. */
const TOOL_PARAM = /^toolRequest\.tools\.(\d+)\./;

export function toWireParam(param: string): string {
  if (param.startsWith("inputs.")) return param.replace("inputs.", "input.");
  if (TOOL_PARAM.test(param)) return param.replace(TOOL_PARAM, "tools.$1.function.");
  return Object.hasOwn(WIRE_PARAMS, param) ? (WIRE_PARAMS[param] ?? param) : param;
}

/**
 * What a generation was refused with, as this API's clients should hear it: the field under their name
 * for it, and what a model does not offer as a fault of the request. OpenAI's client asks again after
 * any status from 500 on, and a model does not learn in between.
 */
export function inWireWords(error: unknown): unknown {
  if (!isAppError(error)) return error;
  const code = error.code === "not-supported" ? "unsupported-parameter" : error.code;
  const param = error.param && toWireParam(error.param);
  if (code === error.code && param === error.param) return error;
  const { message, retryAfterSeconds } = error;
  return new AppError(code, { message, param, retryAfterSeconds, cause: error });
}
