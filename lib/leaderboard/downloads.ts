import { VOTE_DOWNLOAD_MS_MAX, VOTE_DOWNLOAD_RETRY_AFTER_SECONDS } from "@/lib/board-limits";
import { AppError } from "@/lib/errors";
import { READER_STALL_MS_MAX } from "@/lib/limits";
import { log } from "@/lib/telemetry/log";

type Limits = {
  /** At once. */
  countMax: number;
  /** Of those, how many of one network: otherwise two slow readers would have all of them, again and again. */
  networkMax?: number;
  /** Of one. */
  timeMs?: number;
  /** In which a reader takes nothing. */
  stallMs?: number;
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
  /** By network, those under way. */
  readonly #networks = new Map<string, number>();

  constructor({ countMax, networkMax = countMax, ...times }: Limits) {
    const { timeMs = VOTE_DOWNLOAD_MS_MAX, stallMs = READER_STALL_MS_MAX } = times;
    this.#limits = { countMax, networkMax, timeMs, stallMs };
  }

  get running(): number {
    return this.#running;
  }

  /**
   * @param make calls `begin` when nothing can go wrong any more that an error would be answered for.
   * @param network of the reader, however it is written.
   * @returns what it writes, once it has begun.
   * @throws AppError `overloaded` while as many as may are under way; and what `make` throws before it begins.
   */
  async open(
    make: (write: Write, begin: () => void) => Promise<void>,
    network = "",
  ): Promise<ReadableStream<Uint8Array>> {
    const { timeMs } = this.#limits;
    this.#enter(network);
    let fail: (error: unknown) => void = ignore;
    const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>({
      // Ends a write that waits for its reader, which `abort` of the writer would wait for.
      start: (controller) => {
        fail = (error) => controller.error(error);
      },
    });
    const writer = writable.getWriter();
    // Each `write` tells of it as well; unheard here it would end the process.
    writer.closed.catch(ignore);
    const tooLate = new DOMException("The file was not read in time.", "TimeoutError");
    const timer = setTimeout(() => fail(tooLate), timeMs);
    let begin: () => void = ignore;
    const begun = new Promise<void>((resolve) => {
      begin = resolve;
    });
    const write = (piece: Uint8Array) => this.#inTime(writer.write(piece), fail);
    const whole = make(write, begin)
      .then(() => writer.close())
      .catch((error: unknown) => {
        fail(error);
        throw error;
      })
      .finally(() => {
        clearTimeout(timer);
        this.#leave(network);
      });
    whole.catch((error: unknown) => log.debug({ err: error }, "a download ended early"));
    await Promise.race([begun, whole]);
    return readable;
  }

  #enter(network: string): void {
    const { countMax, networkMax } = this.#limits;
    const ofNetwork = this.#networks.get(network) ?? 0;
    if (this.#running >= countMax || ofNetwork >= networkMax) {
      const [most, where] =
        this.#running >= countMax ? [countMax, ""] : [networkMax, " in your network"];
      throw new AppError("overloaded", {
        message: `${most} ${most === 1 ? "download" : "downloads"} of votes ${most === 1 ? "is" : "are"} under way${where}, as many as are served at once. Try again in a few seconds.`,
        retryAfterSeconds: VOTE_DOWNLOAD_RETRY_AFTER_SECONDS,
      });
    }
    this.#running += 1;
    this.#networks.set(network, ofNetwork + 1);
  }

  #leave(network: string): void {
    this.#running -= 1;
    const left = (this.#networks.get(network) ?? 1) - 1;
    if (left > 0) this.#networks.set(network, left);
    else this.#networks.delete(network);
  }

  /** A reader that takes nothing holds a place, a connection and old rows of the database. */
  async #inTime(written: Promise<void>, fail: (error: unknown) => void): Promise<void> {
    const stalled = new DOMException("Nothing of the file was read for long.", "TimeoutError");
    const timer = setTimeout(() => fail(stalled), this.#limits.stallMs);
    try {
      await written;
    } finally {
      clearTimeout(timer);
    }
  }
}

const ignore = () => {};
