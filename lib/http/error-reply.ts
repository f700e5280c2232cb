import { toAnthropicError } from "@/lib/anthropic/error";
import type { AppError } from "@/lib/errors";
import { toFastchatError } from "@/lib/fastchat/error-code";
import { toOpenAiError } from "@/lib/openai/error";
import { toWorkerError } from "@/lib/protocol/worker-error";
import { unreachable } from "@/lib/util/assert";
import { jsonReply } from "./reply";

/**
 * Whose error object a route speaks: OpenAI's where programs call, Anthropic's under /v1/messages, FastChat's
 * where its workers do, a worker's where this Parley is one, ours (protocol/arena-view.ts, errorReplySchema)
 * elsewhere.
 */
export type ErrorShape = "openai" | "anthropic" | "fastchat" | "worker" | "parley";

/** What programs call that were written for somebody else's API; paths.ts names each. */
export function isApiPath(path: string): boolean {
  return /^\/(v1|api\/v1|tokenize|detokenize|tokenizer_info)(\/|$)/.test(path);
}

/** Whose error object is spoken at a path, also where no route of ours stands. */
export function errorShapeAt(path: string): ErrorShape {
  if (/^\/v1\/messages(\/|$)/.test(path)) return "anthropic";
  return isApiPath(path) ? "openai" : "parley";
}

/**
 * Whose words a program wants where a path has both: Anthropic's clients name the version of their API in
 * every request, and nobody else's know the header.
 */
export function shapeOfClient(headers: Headers): "openai" | "anthropic" {
  return headers.has("anthropic-version") ? "anthropic" : "openai";
}

/** The one place that turns an error into a response. */
export function errorReply(error: AppError, shape: ErrorShape, requestId: string): Response {
  const headers = new Headers();
  if (error.retryAfterSeconds !== undefined) {
    headers.set("retry-after", String(Math.max(1, Math.ceil(error.retryAfterSeconds))));
  }
  // OpenAI's and Anthropic's clients ask again after any 429 unless told not to; a budget lasts for hours.
  if (error.code === "quota-exceeded") headers.set("x-should-retry", "false");
  if (error.code === "unauthenticated") headers.set("www-authenticate", "Bearer");
  return jsonReply(toErrorObject(error, shape, requestId), { status: error.status, headers });
}

function toErrorObject(error: AppError, shape: ErrorShape, requestId: string) {
  switch (shape) {
    case "openai":
      return toOpenAiError(error);
    case "anthropic":
      return toAnthropicError(error, requestId);
    case "worker":
      return toWorkerError(error);
    case "fastchat":
      return toFastchatError(error);
    case "parley":
      return toParleyError(error, requestId);
    default:
      return unreachable(shape);
  }
}

function toParleyError({ code, message, param }: AppError, requestId: string) {
  return { error: { code, message, ...(param !== undefined && { param }), requestId } };
}
