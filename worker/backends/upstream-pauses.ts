import { AppError } from "@/lib/errors";
import { UPSTREAM_PAUSE_MS } from "@/lib/upstream-limits";
import { backoffMs } from "@/lib/util/backoff";
import { toWaitWords } from "@/lib/util/wait-words";

type Pause = { untilMs: number; attempt: number };

/**
 * Models whose upstream has had enough: until the time that it told, or for longer each time where it told
 * none, it is sent nothing, and callers hear at once when to come again.
 */
export class UpstreamPauses {
  readonly #pauses = new Map<string, Pause>();
  readonly #now: () => number;

  /** @param now milliseconds of a clock that never goes back. */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /** @throws AppError `rate-limited` while there is a pause. */
  check(model: string): void {
    const pause = this.#pauses.get(model);
    if (pause === undefined) return;
    const leftMs = pause.untilMs - this.#now();
    if (leftMs <= 0) return;
    const retryAfterSeconds = Math.ceil(leftMs / 1_000);
    throw new AppError("rate-limited", {
      message: `The server behind this model is asked too often. Try again ${toWaitWords(retryAfterSeconds)}.`,
      retryAfterSeconds,
    });
  }

  /** Begins a pause where the error is a refusal for being asked too often; others change nothing. */
  see(model: string, error: AppError): void {
    if (error.code !== "rate-limited" && error.code !== "overloaded") return;
    const attempt = this.#pauses.get(model)?.attempt ?? 0;
    const { retryAfterSeconds: told } = error;
    const ms = told === undefined ? backoffMs(attempt, UPSTREAM_PAUSE_MS) : told * 1_000;
    this.#pauses.set(model, { untilMs: this.#now() + ms, attempt: attempt + 1 });
  }

  /** It answers again. */
  clear(model: string): void {
    this.#pauses.delete(model);
  }
}
