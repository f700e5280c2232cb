import { writeSync } from "node:fs";
import { LOG_EXIT_MS_MAX, LOG_PENDING_CHARS_MAX } from "@/lib/limits";

/** How long a full pipe is given before it is tried again. */
const RETRY_MS = 20;

/**
 * A busy process writes no oftener than this: a write takes 10 to 20 µs and wakes its reader, which shares our
 * cores. After a pause the first line is written at once.
 */
const PAUSE_MS = 10;

/**
 * Lines to a file descriptor, those of a turn of the event loop in one write. pino's own writer tries a write that
 * failed again for ever while the process exits, also when nobody is left to read (EPIPE): a web process
 * whose launcher was killed in the middle of a line stayed behind (seen 2 times in 15 on a busy machine).
 * This one stops writing when its reader is gone, keeps a bounded amount for one that is slow, and gives
 * it a bounded time at the end.
 */
export class LineWriter {
  readonly #write: (bytes: Uint8Array) => number;
  #lines: string[] = [];
  #pendingChars = 0;
  /** What is left of a write that went through in part. */
  #rest: Uint8Array | undefined;
  #droppedCount = 0;
  #isScheduled = false;
  #pauseEndsMs = 0;
  #isBroken = false;

  constructor(write: (bytes: Uint8Array) => number) {
    this.#write = write;
  }

  write(line: string): void {
    if (this.#isBroken) return;
    if (this.#pendingChars + line.length > LOG_PENDING_CHARS_MAX) {
      this.#droppedCount += 1;
      return;
    }
    this.#lines.push(line);
    this.#pendingChars += line.length;
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    const pauseMs = this.#pauseEndsMs - performance.now();
    if (pauseMs <= 0) setImmediate(() => this.#continue());
    else setTimeout(() => this.#continue(), pauseMs).unref();
  }

  /** Writes what is pending before it returns, for a process that ends. pino calls it for what is fatal. */
  flushSync(): void {
    const giveUpAt = performance.now() + LOG_EXIT_MS_MAX;
    while (!this.#writePending() && performance.now() < giveUpAt) pause(RETRY_MS);
  }

  #continue(): void {
    this.#isScheduled = false;
    if (this.#writePending()) {
      this.#pauseEndsMs = performance.now() + PAUSE_MS;
      return;
    }
    this.#isScheduled = true;
    // Not a reason to stay alive: the end of the process flushes.
    setTimeout(() => this.#continue(), RETRY_MS).unref();
  }

  /** Returns false when the reader has to be waited for. */
  #writePending(): boolean {
    while (!this.#isBroken && (this.#rest || this.#lines.length > 0)) {
      const bytes = this.#rest ?? this.#takeLines();
      try {
        const count = this.#write(bytes);
        this.#rest = count < bytes.length ? bytes.subarray(count) : undefined;
      } catch (error) {
        if (isBusy(error)) {
          this.#rest = bytes;
          return false;
        }
        // Nobody reads any more, and nobody will; or the disk is full, and may have room later. There is no
        // other place to say so now.
        this.#isBroken = isFinal(error);
        this.#rest = undefined;
        if (this.#isBroken) this.#lines = [];
        else this.#droppedCount += countLines(bytes);
      }
    }
    return true;
  }

  #takeLines(): Uint8Array {
    const lines = this.#lines;
    if (this.#droppedCount > 0) {
      const msg = `${this.#droppedCount} lines of this log were dropped: it was not read`;
      lines.push(`${JSON.stringify({ level: 40, time: new Date().toISOString(), msg })}\n`);
    }
    this.#lines = [];
    this.#pendingChars = 0;
    this.#droppedCount = 0;
    return Buffer.from(lines.join(""));
  }
}

/** The writer of this process's standard output. */
export function writeLinesToStdout(): LineWriter {
  const writer = new LineWriter((bytes) => writeSync(1, bytes));
  process.on("exit", () => writer.flushSync());
  return writer;
}

const countLines = (bytes: Uint8Array) => bytes.filter((it) => it === 0x0a).length;

const codeOf = (error: unknown) =>
  error instanceof Error && "code" in error ? error.code : undefined;

function isBusy(error: unknown): boolean {
  const code = codeOf(error);
  return code === "EAGAIN" || code === "EBUSY";
}

/** The other end is closed, or there is none. */
function isFinal(error: unknown): boolean {
  const code = codeOf(error);
  return code === "EPIPE" || code === "EBADF";
}

/** Holds the thread: at the end of a process there is no event loop left to wait with. */
function pause(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}
