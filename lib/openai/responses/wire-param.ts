import { AppError, isAppError } from "@/lib/errors";
import { toWireParam } from "../wire-param";

/** What this API calls otherwise than the others do. */
const PARAMS: Record<string, string> = {
  grammar: "text.format",
  logProbabilityCount: "include",
  maxTokens: "max_output_tokens",
  messages: "input",
  reasoningEffort: "reasoning.effort",
};

/** Tools lie flat in this API. */
const TOOL_PARAM = /^toolRequest\.tools\.(\d+)\./;

function toResponseParam(param: string): string {
  if (TOOL_PARAM.test(param)) return param.replace(TOOL_PARAM, "tools.$1.");
  // One message is made of several items, so which one is at fault cannot be said.
  if (param.startsWith("messages.")) return "input";
  return Object.hasOwn(PARAMS, param) ? (PARAMS[param] ?? param) : toWireParam(param);
}

/** As `inWireWords` for the other endpoints: a generation's error with the names of this API. */
export function inResponseWords(error: unknown): unknown {
  if (!isAppError(error)) return error;
  const code = error.code === "not-supported" ? "unsupported-parameter" : error.code;
  const param = error.param && toResponseParam(error.param);
  if (code === error.code && param === error.param) return error;
  const { message, retryAfterSeconds } = error;
  return new AppError(code, { message, param, retryAfterSeconds, cause: error });
}
