import type pino from "pino";

/** An error as it may stand in a log line. */
export type LoggedError = {
  type: string;
  code?: string;
  message: string;
  stack: string;
  cause?: LoggedError;
};

const CAUSES_MAX = 5;

/**
 * An error without the content that database errors carry: drizzle puts the parameters of a failed
 * statement into its message, Postgres whole rows into `detail`, and prompts and answers are among both.
 * Own properties are left out but for `code`, since whatever threw may have hung anything there.
 */
export function toLoggedError(error: unknown, depth = 0): LoggedError {
  if (!(error instanceof Error)) {
    return { type: typeof error, message: "Something was thrown that is no Error.", stack: "" };
  }
  const { name: type, message, stack = "", cause } = error;
  const safe = "params" in error ? withoutParameters(message) : message;
  const code = "code" in error ? String(error.code) : undefined;
  return {
    type,
    ...(code !== undefined && { code }),
    message: safe,
    // The stack begins with the message.
    stack: safe === message ? stack : stack.replace(message, () => safe),
    ...(cause !== undefined && depth < CAUSES_MAX && { cause: toLoggedError(cause, depth + 1) }),
  };
}

function withoutParameters(message: string): string {
  const start = message.indexOf("\nparams: ");
  return start === -1 ? message : message.slice(0, start);
}

/** For pino: `err` in a log call. */
export const serializers: pino.LoggerOptions["serializers"] = {
  err: (error) => toLoggedError(error),
};
