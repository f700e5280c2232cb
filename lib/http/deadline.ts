import { AppError } from "@/lib/errors";
import { GENERATION_MS_MAX } from "@/lib/limits";

/** How long an answer is worth waiting for, in whole milliseconds from the request's arrival. */
export const TIMEOUT_HEADER = "x-parley-timeout-ms";

/** The end of a client's patience: its signal then aborts with a `timeout` to answer with. */
export type Deadline = {
  readonly signal: AbortSignal;
  /** The answer is out: nothing ends any more. */
  clear(): void;
};

/**
 * What the request says of its patience; undefined where it says nothing.
 *
 * @param arrivedMs when the request came, by `performance.now()`.
 * @throws AppError `invalid-request` for anything but a number of milliseconds in range.
 */
export function readDeadline(headers: Headers, arrivedMs: number): Deadline | undefined {
  const given = headers.get(TIMEOUT_HEADER);
  if (given === null) return undefined;
  const limitMs = /^\d{1,9}$/.test(given) ? Number(given) : 0;
  if (limitMs < 1 || limitMs > GENERATION_MS_MAX) {
    throw new AppError("invalid-request", {
      message: `The header \`${TIMEOUT_HEADER}\` must be a whole number of milliseconds, 1 to ${GENERATION_MS_MAX}.`,
      param: TIMEOUT_HEADER,
    });
  }
  const abort = new AbortController();
  const leftMs = Math.max(0, limitMs - (performance.now() - arrivedMs));
  const timer = setTimeout(() => abort.abort(late(limitMs)), leftMs).unref();
  return { signal: abort.signal, clear: () => clearTimeout(timer) };
}

function late(limitMs: number): AppError {
  return new AppError("timeout", {
    message: `The answer was not finished within the ${limitMs} ms of \`${TIMEOUT_HEADER}\`. Allow more, or ask for less.`,
  });
}
