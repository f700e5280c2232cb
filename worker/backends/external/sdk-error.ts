import type { APICallError, UnsupportedFunctionalityError } from "@ai-sdk/provider";
import { AppError, isAppError } from "@/lib/errors";
import {
  fromToldError,
  toTransportError,
  toUpstreamError,
  transportCode,
  type UpstreamAbout,
} from "../upstream-error";
import { nameOnly } from "./answer-teller";

/**
 * What the SDK throws, in our words. A refusal has become one of ours in `upstream-fetch.ts`; what is left is
 * what the SDK itself does not take, what broke on the way, and what could not be read.
 */
export function fromSdkError(error: unknown, signal: AbortSignal, about: UpstreamAbout): AppError {
  if (isAppError(error)) return error;
  if (signal.aborted) return toTransportError(error, signal);
  if (isUnsupported(error)) {
    return new AppError("unsupported-parameter", {
      message: `The provider of ${about.model} cannot be asked for that: ${error.functionality}.`,
      param: paramOf(error.functionality),
      cause: nameOnly(error),
    });
  }
  if (isCallError(error)) return fromCallError(error, signal, about);
  if (!(error instanceof Error)) return toTransportError(error, signal);
  if (error.name === "AI_InvalidPromptError") {
    return new AppError("invalid-request", {
      message: `The provider of ${about.model} cannot be given this conversation.`,
      ...{ param: "messages", cause: nameOnly(error) },
    });
  }
  // Of a transport all errors have a code somewhere, or are `fetch`'s; what has none is a reader's.
  const isTransport = error instanceof TypeError || transportCode(error) !== "";
  return isTransport ? toTransportError(error, signal) : unexpected(error);
}

/** By their names, as the SDK's own checks do by marks: its classes are loaded with its packages alone. */
const isUnsupported = (error: unknown): error is UnsupportedFunctionalityError =>
  error instanceof Error && error.name === "AI_UnsupportedFunctionalityError";
const isCallError = (error: unknown): error is APICallError =>
  error instanceof Error && error.name === "AI_APICallError";

function fromCallError(error: APICallError, signal: AbortSignal, about: UpstreamAbout): AppError {
  const { statusCode, data, responseBody } = error;
  for (let it: unknown = error; it instanceof Error; it = it.cause) if (isAppError(it)) return it;
  // A status of 200 is one of an answer whose first event is an error.
  if (statusCode !== undefined && statusCode >= 400) {
    return toUpstreamError({ status: statusCode, body: responseBody ?? data }, about);
  }
  if (data !== undefined) return fromToldError(data, about);
  if (error.cause instanceof Error && !error.cause.name.startsWith("AI_")) {
    return toTransportError(error.cause, signal);
  }
  return unexpected(error);
}

function unexpected(error: Error): AppError {
  const message = "The server behind this model sent what is not expected.";
  return new AppError("upstream-invalid", { message, cause: nameOnly(error) });
}

/** The field of a request that a setting of the SDK's is made of; undefined for others. */
export function paramOf(feature: string): string | undefined {
  return PARAMS.find(([pattern]) => pattern.test(feature))?.[1];
}

const PARAMS: readonly (readonly [RegExp, string])[] = [
  [/^temperature/, "sampling.temperature"],
  [/^topP/, "sampling.topP"],
  [/^topK/, "sampling.topK"],
  [/^presencePenalty/, "sampling.presencePenalty"],
  [/^frequencyPenalty/, "sampling.frequencyPenalty"],
  [/^seed/, "sampling.seed"],
  [/^stopSequences/, "stop"],
  [/^maxOutputTokens/, "maxTokens"],
  [/^responseFormat/, "grammar"],
  [/^toolChoice|tool choice/, "toolRequest.choice"],
  [/tool/i, "toolRequest"],
  [/reasoning|thinking|effort|budget/i, "reasoningEffort"],
  [/system message|message|file|image/i, "messages"],
];
