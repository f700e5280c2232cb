import { AppError, isAppError } from "@/lib/errors";
import type { GenerateRequest } from "@/lib/protocol/generate-request";

/** A worker names the fields of its own protocol, which clients of this API never saw. */
const WIRE_PARAMS: Record<string, string> = {
  maxTokens: "max_tokens",
  reasoningEffort: "output_config.effort",
  stop: "stop_sequences",
  toolRequest: "tools",
  "toolRequest.choice": "tool_choice",
  "toolRequest.isParallel": "tool_choice.disable_parallel_tool_use",
  "sampling.temperature": "temperature",
  "sampling.topK": "top_k",
  "sampling.topP": "top_p",
};

const TOOL_SCHEMA_PARAM = /^toolRequest\.tools\.(\d+)\.parameters/;
const TOOL_PARAM = /^toolRequest\.tools\.(\d+)\./;

/** Of a request what tells where a fault lies. */
export type Asked = Pick<GenerateRequest, "grammar">;

export function toWireParam(param: string, { grammar }: Asked): string {
  // Workers make grammars of tools, too.
  if (param === "grammar") return grammar ? "output_config.format" : "tools";
  if (TOOL_SCHEMA_PARAM.test(param)) {
    return param.replace(TOOL_SCHEMA_PARAM, "tools.$1.input_schema");
  }
  if (TOOL_PARAM.test(param)) return param.replace(TOOL_PARAM, "tools.$1.");
  // Turns were joined and results parted from them: a worker's index is none of the caller's.
  if (param.startsWith("messages.")) return "messages";
  return Object.hasOwn(WIRE_PARAMS, param) ? (WIRE_PARAMS[param] ?? param) : param;
}

/**
 * What a generation was refused with, as this API's clients should hear it: the field under their name
 * for it, and what a model does not offer as a fault of the request. Their client asks again after any
 * status from 500 on, and a model does not learn in between.
 */
export function inWireWords(error: unknown, asked: Asked): unknown {
  if (!isAppError(error)) return error;
  const code = error.code === "not-supported" ? "unsupported-parameter" : error.code;
  const param = error.param && toWireParam(error.param, asked);
  if (code === error.code && param === error.param) return error;
  const { message, retryAfterSeconds } = error;
  return new AppError(code, { message, param, retryAfterSeconds, cause: error });
}
