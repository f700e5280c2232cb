import { VOTE_DOWNLOAD_MS_MAX, VOTE_DOWNLOAD_RETRY_AFTER_SECONDS } from "@/lib/board-limits";
import { AppError } from "@/lib/errors";
import { log } from "@/lib/telemetry/log";

type Limits = {
  /** At once. */
  countMax: number;
  /** Of one. */
  timeMs?: number;
};

/** Takes a piece of the file; resolves when the reader has room for more, rejects when there is no reader. */
export type Write = (piece: Uint8Array) => Promise<void>;

/**
 * Large files on their way to readers, who set the pace: a piece is made when there is room for it, and one that
 * leaves ends the making. Each costs memory, and some a connection of the database: so they are few at once, and
 * none goes on for ever.
 */
export class Downloads {
  readonly #limits: Required<Limits>;
  #running = 0;

  constructor({ countMax, timeMs = VOTE_DOWNLOAD_MS_MAX }: Limits) {
    this.#limits = { countMax, timeMs };
  }

  get running(): number {
    return this.#running;
  }

  /**
   * @param make calls `begin` when nothing can go wrong any more that an error would be answered for.
   * @returns what it writes, once it has begun.
   * @throws AppError `overloaded` while as many as may are under way; and what `make` throws before it begins.
   */
  async open(
    make: (write: Write, begin: () => void) => Promise<void>,
  ): Promise<ReadableStream<Uint8Array>> {
    const { countMax, timeMs } = this.#limits;
    if (this.#running >= countMax) {
      throw new AppError("overloaded", {
        message: `${countMax} downloads of votes are under way, as many as are served at once. Try again in a few seconds.`,
        retryAfterSeconds: VOTE_DOWNLOAD_RETRY_AFTER_SECONDS,
      });
    }
    this.#running += 1;
    const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
    const writer = writable.getWriter();
    // Each `write` tells of it as well; unheard here it would end the process.
    writer.closed.catch(ignore);
    const tooLate = new DOMException("The file was not read in time.", "TimeoutError");
    const timer = setTimeout(() => void writer.abort(tooLate).catch(ignore), timeMs);
    let begin: () => void = ignore;
    const begun = new Promise<void>((resolve) => {
      begin = resolve;
    });
    const whole = make((piece) => writer.write(piece), begin)
      .then(() => writer.close())
      .catch(async (error: unknown) => {
        await writer.abort(error).catch(ignore);
        throw error;
      })
      .finally(() => {
        clearTimeout(timer);
        this.#running -= 1;
      });
    whole.catch((error: unknown) => log.debug({ err: error }, "a download ended early"));
    await Promise.race([begun, whole]);
    return readable;
  }
}

const ignore = () => {};
