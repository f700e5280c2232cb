import type { Reservation } from "@/lib/controller/places";
import { AppError, type ErrorCode, isAppError, toAppError } from "@/lib/errors";
import { wasTold } from "@/lib/protocol/worker-error";

/** What a worker may say to our client in its own words: it concerns the request, or how busy it is. */
const FOR_CLIENTS: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  ...(["invalid-request", "unsupported-parameter", "context-length-exceeded"] as const),
  ...(["overloaded", "rate-limited", "body-too-large", "not-supported"] as const),
  ...(["internal", "client-closed", "loop-detected"] as const),
]);

/** What happened between us and a worker, without its address: in a blind battle that would be a name. */
const NEUTRAL: Partial<Record<ErrorCode, string>> = {
  "worker-lost": "The worker of this model was lost. Try again.",
  timeout: "The worker of this model did not answer in time. Try again.",
  "no-worker": "The worker of this model is shutting down. Try again in a few seconds.",
};

/**
 * What stands in the worker's log for its operator, a refused key or a model that its provider dropped, and what
 * whoever asked can do nothing about.
 */
const FOR_OPERATORS: ReadonlySet<ErrorCode> = new Set(["unavailable", "model-not-found"]);

/**
 * A worker's error as the client may hear it. A refused secret or a model that is suddenly unknown
 * there is between us and the worker: another one may well serve the request.
 */
export function toClientError(thrown: unknown): AppError {
  const error = toAppError(thrown);
  if (FOR_CLIENTS.has(error.code)) return error;
  const message = NEUTRAL[error.code];
  const { retryAfterSeconds } = error;
  if (message !== undefined) {
    return new AppError(error.code, { message, retryAfterSeconds, cause: error });
  }
  return new AppError("upstream-invalid", {
    message: FOR_OPERATORS.has(error.code)
      ? "What serves this model cannot answer at present; its worker's log says why. Try again later, or choose another model."
      : "A worker did not accept the request it was given. Try again.",
    cause: error,
  });
}

/**
 * Tells the registry of a fault of the worker. A Parley that says of itself that a worker was lost speaks of
 * one of its own: it is well, and so are the others there.
 */
export function blame({ kind, failed }: Reservation, thrown: unknown): void {
  if (kind === "parley" && isAppError(thrown) && wasTold(thrown)) return;
  failed(toClientError(thrown).code);
}
