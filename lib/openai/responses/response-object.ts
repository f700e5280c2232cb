import type { AppError } from "@/lib/errors";
import { unreachable } from "@/lib/util/assert";
import type { OutputItem } from "./item";
import { type ResponseRequest, wantsSummary } from "./request";
import type { TextFormat } from "./text-config";
import type { FunctionTool, ToolChoice } from "./tools";
import type { ResponseUsage } from "./usage";

export type ResponseStatus =
  | "queued"
  | "in_progress"
  | "completed"
  | "incomplete"
  | "failed"
  | "cancelled";

/** Of OpenAI's codes those that we have cause for. */
export type ResponseErrorCode = "server_error" | "rate_limit_exceeded" | "invalid_prompt";

/** What an end changes. */
export type ResponseEnd = {
  status: ResponseStatus;
  error: { code: ResponseErrorCode; message: string } | null;
  incomplete_details: { reason: "max_output_tokens" } | null;
  /** Seconds since 1970; null unless it completed. */
  completed_at: number | null;
  /** Null until the end is known from the worker. */
  usage: ResponseUsage | null;
};

/** OpenAI's `response` object without its output. */
export type ResponseBody = ResponseEnd & {
  id: string;
  object: "response";
  /** Seconds since 1970. */
  created_at: number;
  background: boolean;
  conversation: null;
  instructions: string | null;
  max_output_tokens: number | null;
  metadata: Record<string, string>;
  /** The one that answers; as long as none does, the one that was asked for. */
  model: string;
  moderation: null;
  parallel_tool_calls: boolean;
  previous_response_id: string | null;
  prompt: null;
  prompt_cache_key: string | null;
  prompt_cache_retention: "in_memory" | "24h" | null;
  reasoning: { effort: string | null; summary: string | null };
  safety_identifier: string | null;
  service_tier: "default";
  store: boolean;
  /** What was asked for; once a worker answers, what it uses. */
  temperature: number | null;
  text: { format: TextFormat; verbosity: "medium" };
  tool_choice: ToolChoice;
  tools: FunctionTool[];
  top_logprobs: number;
  top_p: number | null;
  truncation: "disabled";
  user: string | null;
};

export type ResponseObject = ResponseBody & { output: OutputItem[] };

/** The object as it stands before anything is done for it. */
export function toResponseBody(
  request: ResponseRequest,
  { id, now }: { id: string; now: Date },
): ResponseBody {
  const isBackground = request.background ?? false;
  const { reasoning, text } = request;
  return {
    id,
    object: "response",
    created_at: toSeconds(now),
    status: isBackground ? "queued" : "in_progress",
    background: isBackground,
    completed_at: null,
    conversation: null,
    error: null,
    incomplete_details: null,
    instructions: request.instructions ?? null,
    max_output_tokens: request.max_output_tokens ?? null,
    metadata: request.metadata ?? {},
    model: request.model,
    moderation: null,
    parallel_tool_calls: request.parallel_tool_calls ?? true,
    previous_response_id: request.previous_response_id ?? null,
    prompt: null,
    prompt_cache_key: request.prompt_cache_key ?? null,
    prompt_cache_retention: request.prompt_cache_retention ?? null,
    reasoning: {
      effort: reasoning?.effort ?? null,
      summary: wantsSummary(request)
        ? (reasoning?.summary ?? reasoning?.generate_summary ?? null)
        : null,
    },
    safety_identifier: request.safety_identifier ?? null,
    service_tier: "default",
    store: request.store ?? true,
    temperature: request.temperature ?? null,
    text: { format: text?.format ?? { type: "text" }, verbosity: "medium" },
    tool_choice: request.tool_choice ?? "auto",
    tools: request.tools ?? [],
    top_logprobs: request.top_logprobs ?? 0,
    top_p: request.top_p ?? null,
    truncation: "disabled",
    usage: null,
    user: request.user ?? null,
  };
}

export function toSeconds(moment: Date): number {
  return Math.floor(moment.getTime() / 1000);
}

/** The end of a response that failed with `error`. */
export function toFailure({ code, message }: Pick<AppError, "code" | "message">): ResponseEnd {
  const error = { code: toErrorCode(code), message };
  return { status: "failed", error, incomplete_details: null, completed_at: null, usage: null };
}

/** The end of a response whose reader left, or that was cancelled. */
export const CANCELLED: ResponseEnd = {
  status: "cancelled",
  error: null,
  incomplete_details: null,
  completed_at: null,
  usage: null,
};

function toErrorCode(code: AppError["code"]): ResponseErrorCode {
  switch (code) {
    case "overloaded":
    case "rate-limited":
    case "quota-exceeded":
      return "rate_limit_exceeded";
    case "invalid-request":
    case "unsupported-parameter":
    case "context-length-exceeded":
    case "model-not-found":
    case "not-supported":
    case "not-found":
    case "forbidden":
    case "unauthenticated":
    case "method-not-allowed":
    case "conflict":
    case "body-too-large":
    case "unsupported-media-type":
    case "client-closed":
      return "invalid_prompt";
    case "internal":
    case "upstream-invalid":
    case "worker-lost":
    case "no-worker":
    case "unavailable":
    case "timeout":
    case "loop-detected":
      return "server_error";
    default:
      return unreachable(code);
  }
}
