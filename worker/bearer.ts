import { createHash, timingSafeEqual } from "node:crypto";
import { AppError } from "@/lib/errors";

/** Secrets that the web was told to call with: while it changes, calls with the one before are still on their way. */
const TOLD_MAX = 2;

/** Checks `Authorization: Bearer <secret>`; digests of equal length are compared in constant time. */
export class Bearer {
  readonly #shared: Buffer[];
  readonly #own: Buffer[];
  #told: Buffer[] = [];

  /** `token`: the worker's own, by which its numbers may be read and nothing be asked of it. */
  constructor({ secret, token }: { secret?: string | undefined; token?: string | undefined }) {
    const digestOf = (word?: string) => (word === undefined ? [] : [digest(`Bearer ${word}`)]);
    this.#shared = digestOf(secret);
    this.#own = digestOf(token);
  }

  /** Lets in who has `secret`, beside who has the shared one. */
  accept(secret: string): void {
    const expected = digest(`Bearer ${secret}`);
    const others = this.#told.filter((it) => !it.equals(expected));
    this.#told = [expected, ...others].slice(0, TOLD_MAX);
  }

  /**
   * Lets the web in, and, with `isScrape`, who has the worker's own token.
   *
   * @throws AppError `unauthenticated`
   */
  check(header: string | undefined, { isScrape = false } = {}): void {
    const given = digest(header ?? "");
    const expected = [...this.#shared, ...this.#told, ...(isScrape ? this.#own : [])];
    if (expected.some((it) => timingSafeEqual(given, it))) return;
    throw new AppError("unauthenticated", {
      message:
        "The shared secret is missing or wrong. Set the same PARLEY_WORKER_SECRET on both sides.",
    });
  }
}

function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
