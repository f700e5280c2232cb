import type { AppError } from "@/lib/errors";
import { toOpenAiError } from "@/lib/openai/error";
import { jsonReply } from "./reply";

/** Whose error object a route speaks: OpenAI's under /v1, ours (protocol/arena-view.ts, errorReplySchema) elsewhere. */
export type ErrorShape = "openai" | "parley";

/** The one place that turns an error into a response. */
export function errorReply(error: AppError, shape: ErrorShape, requestId: string): Response {
  const headers = new Headers();
  if (error.retryAfterSeconds !== undefined) {
    headers.set("retry-after", String(Math.max(1, Math.ceil(error.retryAfterSeconds))));
  }
  if (error.code === "unauthenticated") headers.set("www-authenticate", "Bearer");
  return jsonReply(shape === "openai" ? toOpenAiError(error) : toParleyError(error, requestId), {
    status: error.status,
    headers,
  });
}

function toParleyError({ code, message, param }: AppError, requestId: string) {
  return { error: { code, message, ...(param !== undefined && { param }), requestId } };
}
