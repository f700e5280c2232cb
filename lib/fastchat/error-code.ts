import { AppError, type ErrorCode } from "@/lib/errors";

/**
 * FastChat's numbers of errors (`ErrorCode` in fastchat/constants.py) as ours. A worker's own words are passed
 * on to nobody: they are "network error due to high traffic" for all of them, and an exception's text, which
 * may quote what people wrote.
 */
const CODES: Record<number, [ErrorCode, string]> = {
  40001: ["invalid-request", "The worker of this model could not read the request."],
  40302: [
    "invalid-request",
    "The worker of this model does not take one of the request's numbers. Send others, or leave them out.",
  ],
  40303: [
    "context-length-exceeded",
    "The request is longer than the model's context. Shorten it, or ask for fewer tokens.",
  ],
  42901: ["overloaded", "The worker of this model is busy. Try again in a moment."],
  42902: ["overloaded", "The worker of this model is busy. Try again in a moment."],
  42903: ["overloaded", "The worker of this model is busy. Try again in a moment."],
  50002: [
    "overloaded",
    "The worker of this model ran out of memory. Try again in a moment, or ask for less at once.",
  ],
  // A controller of FastChat's behind the address, which has lost its own worker.
  50005: [
    "no-worker",
    "No worker is awake behind the one of this model. Try again in a few seconds.",
  ],
  50006: ["worker-lost", "The worker behind the one of this model did not answer."],
};

/**
 * What an object of the stream with an `error_code` says. What is unknown, 50001 among it, says only that
 * this worker failed: another one may not.
 */
export function fromErrorCode(code: number): AppError {
  const [ours, message] = CODES[code] ?? [
    "upstream-invalid" as const,
    "The worker of this model failed at the request.",
  ];
  return new AppError(ours, {
    message,
    cause: new Error(`FastChat's error ${code}; its worker's log has the reason.`),
  });
}

/** Of FastChat's numbers the one that says the most of an error of ours. */
const NUMBERS: Partial<Record<ErrorCode, number>> = {
  unauthenticated: 40101,
  forbidden: 40102,
  "invalid-request": 40001,
  "model-not-found": 40301,
  overloaded: 42903,
};

/** An error as FastChat's servers tell it, beside the status of HTTP. */
export function toFastchatError({ code, message }: AppError) {
  return { object: "error", message, code: NUMBERS[code] ?? 50001 };
}
