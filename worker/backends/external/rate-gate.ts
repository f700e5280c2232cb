import { AppError } from "@/lib/errors";
import { UPSTREAM_RETRY_AFTER_SECONDS_MAX } from "@/lib/upstream-limits";
import { backoffMs } from "@/lib/util/backoff";
import { toWaitWords } from "@/lib/util/wait-words";

/** Waits of a provider that says "too often" and not until when: from a second, doubled, to a minute. */
const WAITS = { firstMs: 1_000, longestMs: 60_000 };

const toWords = (seconds: number) =>
  `The provider of this model is asked too often. Try again ${toWaitWords(seconds)}.`;

/**
 * Whether a provider's model may be asked: after it has said "too often", nothing is sent until the time that
 * it told. Requests sent meanwhile lengthen many providers' wait.
 */
export class RateGate {
  readonly #now: () => number;
  #openAt = 0;
  #refusals = 0;

  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /** @throws AppError `rate-limited` with the rest of the wait. */
  enter(): void {
    const seconds = Math.ceil((this.#openAt - this.#now()) / 1_000);
    if (seconds <= 0) return;
    throw new AppError("rate-limited", {
      message: toWords(seconds),
      retryAfterSeconds: seconds,
    });
  }

  /** An answer has begun. */
  passed(): void {
    this.#refusals = 0;
  }

  /** @returns the error as it is told: with a wait, where it is one of asking too often. */
  failed(error: AppError): AppError {
    const told = error.retryAfterSeconds;
    if (error.code !== "rate-limited" && (error.code !== "overloaded" || told === undefined)) {
      return error;
    }
    const waitMs = told === undefined ? backoffMs(this.#refusals, WAITS) : told * 1_000;
    this.#refusals += 1;
    this.#openAt = Math.max(this.#openAt, this.#now() + waitMs);
    if (told !== undefined) return error;
    const { code, cause } = error;
    const seconds = Math.min(
      UPSTREAM_RETRY_AFTER_SECONDS_MAX,
      Math.max(1, Math.ceil(waitMs / 1_000)),
    );
    return new AppError(code, { message: toWords(seconds), cause, retryAfterSeconds: seconds });
  }
}
