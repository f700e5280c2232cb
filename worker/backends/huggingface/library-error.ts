import { AppError, isAppError } from "@/lib/errors";
import {
  fromToldError,
  toTransportError,
  transportCode,
  type UpstreamAbout,
} from "../upstream-error";
import { noModel } from "./host-call";

/**
 * What the library throws, in our words. Refusals have become ours in `host-call.ts`; what is left is what it does
 * not send at all, errors in the middle of a stream, and what cannot be read. Its own errors hold what was asked
 * and what came, which no log is to hold: they are told by their names.
 */
export function fromLibraryError(
  error: unknown,
  signal: AbortSignal,
  about: UpstreamAbout,
): AppError {
  if (isAppError(error)) return error;
  if (signal.aborted || !(error instanceof Error)) return toTransportError(error, signal);
  switch (error.name) {
    case "InputError":
      return fromInputError(error, about);
    case "RoutingError":
      return new AppError("unavailable", {
        message: "The server behind this model does not let the worker in.",
        cause: new Error("The hub's router takes tokens of Hugging Face alone (hf_…)."),
      });
    case "ProviderApiError":
      return fromToldError(bodyOf(error), about);
    default:
      // Of a transport all errors have a code somewhere; what has none is a reader's.
      return transportCode(error) === "" ? unexpected(error) : toTransportError(error, signal);
  }
}

const NOBODY = /not supported for task|inference provider information|no inference provider/i;

function fromInputError(error: Error, about: UpstreamAbout): AppError {
  // Of these sentences none has more in it than the names of model, task and provider.
  if (NOBODY.test(error.message)) return noModel(about.model, new Error(error.message));
  return unexpected(error);
}

/** What an error of the library has of the reply's body. */
function bodyOf(error: Error): unknown {
  const response = "httpResponse" in error ? error.httpResponse : undefined;
  return typeof response === "object" && response !== null && "body" in response
    ? response.body
    : undefined;
}

function unexpected(error: Error): AppError {
  const message = "The server behind this model sent what is not expected.";
  const cause = new Error(`Hugging Face's library says ${error.name}.`);
  return new AppError("upstream-invalid", { message, cause });
}
