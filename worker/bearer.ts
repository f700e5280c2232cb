import { createHash, timingSafeEqual } from "node:crypto";
import { AppError } from "@/lib/errors";

/** Secrets that the web was told to call with: while it changes, calls with the one before are still on their way. */
const TOLD_MAX = 2;

/** Ten times what a header of a secret of usual length has. */
const FRAME_BYTES = 1_024;
/** Of a code unit. */
const UTF_8_BYTES_MAX = 3;
/** Stands nowhere in UTF-8. */
const NO_TEXT = 0xff;

/**
 * Checks `Authorization: Bearer <secret>` in a time that tells neither how much of it is right nor how long
 * the right one is: both are filled up to one length. Digests would do that too, at twice the time.
 */
export class Bearer {
  readonly #shared: Buffer[];
  readonly #own: Buffer[];
  #told: Buffer[] = [];
  readonly #given = Buffer.alloc(FRAME_BYTES);

  /** `token`: the worker's own, by which its numbers may be read and nothing be asked of it. */
  constructor({ secret, token }: { secret?: string | undefined; token?: string | undefined }) {
    const frameOf = (word?: string) => (word === undefined ? [] : [frame(`Bearer ${word}`)]);
    this.#shared = frameOf(secret);
    this.#own = frameOf(token);
  }

  /** Lets in who has `secret`, beside who has the shared one. */
  accept(secret: string): void {
    const expected = frame(`Bearer ${secret}`);
    const others = this.#told.filter((it) => !it.equals(expected));
    this.#told = [expected, ...others].slice(0, TOLD_MAX);
  }

  /**
   * Lets the web in, and, with `isScrape`, who has the worker's own token.
   *
   * @throws AppError `unauthenticated`
   */
  check(header: string | undefined, { isScrape = false } = {}): void {
    if (header !== undefined) {
      fill(this.#given, header);
      const isGiven = (expected: Buffer) => timingSafeEqual(this.#given, expected);
      if (this.#shared.some(isGiven) || this.#told.some(isGiven)) return;
      if (isScrape && this.#own.some(isGiven)) return;
    }
    throw new AppError("unauthenticated", {
      message:
        "The shared secret is missing or wrong. Set the same PARLEY_WORKER_SECRET on both sides.",
    });
  }
}

function frame(text: string): Buffer {
  const made = Buffer.alloc(FRAME_BYTES);
  fill(made, text);
  return made;
}

/** What is too long is there by its digest, behind a byte that no text has. */
function fill(buffer: Buffer, text: string): void {
  buffer.fill(NO_TEXT);
  if (text.length <= FRAME_BYTES / UTF_8_BYTES_MAX) buffer.write(text);
  else createHash("sha256").update(text).digest().copy(buffer, 1);
}
