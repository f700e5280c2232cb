import type { AppError, ErrorCode } from "@/lib/errors";

/** OpenAI's error object, as its API reference and client know it. */
export type OpenAiError = {
  error: { message: string; type: string; param: string | null; code: string | null };
};

const REQUEST = "invalid_request_error";
const SERVER = "server_error";

/** Our codes in OpenAI's words; codes it has no word for keep ours in its spelling. */
const WIRE: Record<ErrorCode, { type: string; code: string | null }> = {
  "invalid-request": { type: REQUEST, code: null },
  "unsupported-parameter": { type: REQUEST, code: "unsupported_parameter" },
  "context-length-exceeded": { type: REQUEST, code: "context_length_exceeded" },
  unauthenticated: { type: REQUEST, code: "invalid_api_key" },
  forbidden: { type: "permission_error", code: "forbidden" },
  "not-found": { type: REQUEST, code: "not_found" },
  "model-not-found": { type: REQUEST, code: "model_not_found" },
  "method-not-allowed": { type: REQUEST, code: "method_not_allowed" },
  conflict: { type: REQUEST, code: "conflict" },
  "body-too-large": { type: REQUEST, code: "body_too_large" },
  "unsupported-media-type": { type: REQUEST, code: "unsupported_media_type" },
  overloaded: { type: "rate_limit_error", code: "rate_limit_exceeded" },
  "rate-limited": { type: "rate_limit_error", code: "rate_limit_exceeded" },
  "quota-exceeded": { type: "insufficient_quota", code: "insufficient_quota" },
  "client-closed": { type: REQUEST, code: "client_closed" },
  internal: { type: SERVER, code: "internal_error" },
  "not-supported": { type: REQUEST, code: "not_supported" },
  "upstream-invalid": { type: SERVER, code: "upstream_invalid" },
  "worker-lost": { type: SERVER, code: "worker_lost" },
  "no-worker": { type: SERVER, code: "no_worker" },
  unavailable: { type: SERVER, code: "unavailable" },
  timeout: { type: SERVER, code: "timeout" },
  "loop-detected": { type: SERVER, code: "loop_detected" },
};

/** The body that tells an OpenAI client of an error. */
export function toOpenAiError(error: Pick<AppError, "code" | "message" | "param">): OpenAiError {
  const { type, code } = WIRE[error.code];
  return { error: { message: error.message, type, param: error.param ?? null, code } };
}
