import type { AppError, ErrorCode } from "@/lib/errors";

/** Anthropic's error object, as its API reference ("Errors") and client know it. */
export type AnthropicError = {
  type: "error";
  error: {
    type: AnthropicErrorType;
    message: string;
    /** The client shows `error_code` as `errorCode`; one that it does not know it takes as the bare type. */
    details: { error_code: string; param?: string };
  };
  request_id: string;
};

export type AnthropicErrorType =
  | ("invalid_request_error" | "authentication_error" | "permission_error" | "not_found_error")
  | ("conflict_error" | "request_too_large" | "rate_limit_error" | "timeout_error")
  | ("api_error" | "overloaded_error");

/**
 * Our codes by their status, in Anthropic's words. Its client asks again after 409, 429 and any status
 * from 500 on, so that a full worker (429, with the time to wait) and a missing one (503) are tried again.
 */
const TYPES: Record<ErrorCode, AnthropicErrorType> = {
  "invalid-request": "invalid_request_error",
  "unsupported-parameter": "invalid_request_error",
  "context-length-exceeded": "invalid_request_error",
  unauthenticated: "authentication_error",
  forbidden: "permission_error",
  "not-found": "not_found_error",
  "model-not-found": "not_found_error",
  "method-not-allowed": "invalid_request_error",
  conflict: "conflict_error",
  "body-too-large": "request_too_large",
  "unsupported-media-type": "invalid_request_error",
  overloaded: "rate_limit_error",
  "rate-limited": "rate_limit_error",
  "quota-exceeded": "rate_limit_error",
  "client-closed": "invalid_request_error",
  internal: "api_error",
  "not-supported": "invalid_request_error",
  "upstream-invalid": "api_error",
  "worker-lost": "api_error",
  "no-worker": "overloaded_error",
  unavailable: "overloaded_error",
  timeout: "timeout_error",
  "loop-detected": "api_error",
};

/** After this their client's loop over tools sends the whole conversation, as it must be here. */
const THREAD_REFUSED = "thread_unsupported_request";

function toErrorCode({ code, param }: Pick<AppError, "code" | "param">): string {
  if (code === "unsupported-parameter" && param === "thread") return THREAD_REFUSED;
  return code.replaceAll("-", "_");
}

/** The body, or the event in a stream, that tells an Anthropic client of an error. */
export function toAnthropicError(
  { code, message, param }: Pick<AppError, "code" | "message" | "param">,
  requestId: string,
): AnthropicError {
  const details = {
    error_code: toErrorCode({ code, param }),
    ...(param !== undefined && { param }),
  };
  return {
    type: "error",
    error: { type: TYPES[code], message, details },
    request_id: requestId,
  };
}
