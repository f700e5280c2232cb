/**
 * The one error class for what can be expected to go wrong, and the closed list of its codes. Bugs are
 * assertions (`util/assert.ts`), not AppErrors.
 */

/** Every code with the HTTP status it answers with and whether the same request may succeed elsewhere or later. */
export const ERROR_CODES = {
  "invalid-request": { status: 400, retryable: false },
  "unsupported-parameter": { status: 400, retryable: false },
  "context-length-exceeded": { status: 400, retryable: false },
  unauthenticated: { status: 401, retryable: false },
  forbidden: { status: 403, retryable: false },
  "not-found": { status: 404, retryable: false },
  "model-not-found": { status: 404, retryable: false },
  "method-not-allowed": { status: 405, retryable: false },
  conflict: { status: 409, retryable: false },
  "body-too-large": { status: 413, retryable: false },
  "unsupported-media-type": { status: 415, retryable: false },
  overloaded: { status: 429, retryable: true },
  /** A limit of the caller's or the model's own, over in seconds. */
  "rate-limited": { status: 429, retryable: true },
  /** A budget is used up, for hours or days. */
  "quota-exceeded": { status: 429, retryable: false },
  "client-closed": { status: 499, retryable: false },
  internal: { status: 500, retryable: false },
  "not-supported": { status: 501, retryable: false },
  "upstream-invalid": { status: 502, retryable: true },
  "worker-lost": { status: 502, retryable: true },
  "no-worker": { status: 503, retryable: true },
  unavailable: { status: 503, retryable: true },
  timeout: { status: 504, retryable: true },
  /** The request has come back to where it went out: a platform stands behind itself. */
  "loop-detected": { status: 508, retryable: false },
} as const satisfies Record<string, { status: number; retryable: boolean }>;

export type ErrorCode = keyof typeof ERROR_CODES;

export const ERROR_CODE_LIST = Object.keys(ERROR_CODES) as [ErrorCode, ...ErrorCode[]];

export type AppErrorOptions = {
  /** A sentence for the caller: what happened and what to do. */
  message: string;
  /** The field of the caller's request at fault, as a dotted path. */
  param?: string | undefined;
  /** Seconds after which a retry makes sense; sent as `Retry-After`. */
  retryAfterSeconds?: number | undefined;
  cause?: unknown;
};

/** Survives the several module graphs of one Next process, where `instanceof` does not. */
const MARK = Symbol.for("parley.app-error");

export class AppError extends Error {
  readonly code: ErrorCode;
  readonly param: string | undefined;
  readonly retryAfterSeconds: number | undefined;

  constructor(code: ErrorCode, options: AppErrorOptions) {
    super(options.message, { cause: options.cause });
    this.name = "AppError";
    this.code = code;
    this.param = options.param;
    this.retryAfterSeconds = options.retryAfterSeconds;
    Object.defineProperty(this, MARK, { value: true });
  }

  get status(): number {
    return ERROR_CODES[this.code].status;
  }

  get retryable(): boolean {
    return ERROR_CODES[this.code].retryable;
  }
}

export function isAppError(error: unknown): error is AppError {
  return typeof error === "object" && error !== null && MARK in error;
}

/** The driver's own words for a database that is away, and PostgreSQL's (appendix A) for one that goes or starts. */
const DATABASE_AWAY = new Set([
  ...["CONNECTION_CLOSED", "CONNECTION_ENDED", "CONNECTION_DESTROYED", "CONNECT_TIMEOUT"],
  ...["57P01", "57P02", "57P03"],
]);
/** What a socket says, which only below a failed statement is about the database. */
const SOCKET_AWAY = new Set(["ECONNREFUSED", "ECONNRESET", "ENOENT", "EPIPE"]);
/** A restarted database is back within a second or two. */
const DATABASE_RETRY_AFTER_SECONDS = 2;

/**
 * Known by its shape, since this file knows no database: the driver marks what failed with its query, and
 * drizzle wraps that where a statement was its own. A transaction that cannot begin is marked alone.
 */
function isDatabaseAway(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const isStatement = "query" in error;
  const code = codeOf(isStatement && error.cause instanceof Error ? error.cause : error);
  return DATABASE_AWAY.has(code) || (isStatement && SOCKET_AWAY.has(code));
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "";
}

/**
 * Whatever was thrown as an AppError: itself, `client-closed` for an abort, `unavailable` for a database
 * that is away, else `internal`, with the cause kept.
 */
export function toAppError(error: unknown): AppError {
  if (isAppError(error)) return error;
  if (error instanceof Error && error.name === "AbortError") {
    return new AppError("client-closed", { message: "The request was cancelled.", cause: error });
  }
  if (isDatabaseAway(error)) {
    return new AppError("unavailable", {
      message: "The server's database is away for the moment. Try again in a few seconds.",
      retryAfterSeconds: DATABASE_RETRY_AFTER_SECONDS,
      cause: error,
    });
  }
  return new AppError("internal", {
    message:
      "Something failed on our side. The cause is in the server's log under this request's id.",
    cause: error,
  });
}
