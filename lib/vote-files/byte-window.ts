import { open } from "node:fs/promises";
import { Readable } from "node:stream";
import { createGunzip } from "node:zlib";
import { AppError } from "@/lib/errors";
import { VOTE_RECORD_BYTES_MAX, VOTE_WINDOW_BYTES } from "@/lib/vote-file-limits";

/** What of a file is in memory: a piece of it that moves on, with room for what follows. */
export class ByteWindow {
  bytes: Buffer = Buffer.allocUnsafe(VOTE_WINDOW_BYTES);
  /** Not yet read. */
  start = 0;
  end = 0;

  /** At least so many bytes of room behind the end. */
  makeRoom(size: number): void {
    if (this.bytes.length - this.end >= size) return;
    const rest = this.end - this.start;
    if (rest > VOTE_RECORD_BYTES_MAX) {
      throw new AppError("invalid-request", {
        message: `A vote of the file is longer than ${VOTE_RECORD_BYTES_MAX / 1_048_576} MiB; this is no file of votes.`,
      });
    }
    const target =
      this.bytes.length - rest >= size ? this.bytes : Buffer.allocUnsafe(2 * (rest + size));
    this.bytes.copy(target, 0, this.start, this.end);
    this.bytes = target;
    this.start = 0;
    this.end = rest;
  }

  push(chunk: Uint8Array): void {
    this.makeRoom(chunk.length);
    this.bytes.set(chunk, this.end);
    this.end += chunk.length;
  }
}

export type ReadOptions = {
  signal?: AbortSignal | undefined;
  /** Told of the bytes read so far, as they lie on disk, and of all of them. */
  onProgress?: ((bytes: number, total: number) => void) | undefined;
};

/**
 * Reads a file through a window and calls `consume` whenever there is more in it, `isLast` at its end. What
 * `consume` has not taken stays. Gzip is told from the first bytes.
 *
 * @throws the file system's error; AppError `invalid-request` for gzip that is damaged.
 */
export async function readThroughWindow(
  path: string,
  consume: (window: ByteWindow, isLast: boolean) => void | Promise<void>,
  options: ReadOptions = {},
): Promise<void> {
  const file = await open(path, "r");
  try {
    const total = (await file.stat()).size;
    const window = new ByteWindow();
    let read = 0;
    // From where the file is, since a pipe has no places: `-` and what a shell hands in are read as well.
    const readOn = async () => {
      options.signal?.throwIfAborted();
      window.makeRoom(VOTE_WINDOW_BYTES / 2);
      const room = window.bytes.length - window.end;
      const { bytesRead } = await file.read(window.bytes, window.end, room, null);
      window.end += bytesRead;
      read += bytesRead;
      if (bytesRead > 0) options.onProgress?.(read, total);
      return bytesRead > 0;
    };
    while (window.end < GZIP_MAGIC.length && (await readOn()));
    if (GZIP_MAGIC.every((byte, at) => at < window.end && window.bytes[at] === byte)) {
      return await gunzip(piecesOf(window, readOn), consume);
    }
    do {
      await consume(window, false);
    } while (await readOn());
    await consume(window, true);
  } finally {
    await file.close();
  }
}

const GZIP_MAGIC = [0x1f, 0x8b];

/** What of the file is there and what follows, piece by piece. */
async function* piecesOf(
  window: ByteWindow,
  readOn: () => Promise<boolean>,
): AsyncGenerator<Buffer> {
  do {
    // The window is written over by what is read next, and whoever takes a piece may keep it.
    yield Buffer.from(window.bytes.subarray(window.start, window.end));
    window.start = window.end;
  } while (await readOn());
}

async function gunzip(
  pieces: AsyncGenerator<Buffer>,
  consume: (window: ByteWindow, isLast: boolean) => void | Promise<void>,
): Promise<void> {
  const window = new ByteWindow();
  const plain = createGunzip({ chunkSize: 1_048_576 });
  const compressed = Readable.from(pieces, { highWaterMark: 1 });
  compressed.on("error", (error) => plain.destroy(error));
  compressed.pipe(plain);
  try {
    for await (const chunk of plain) {
      window.push(chunk);
      await consume(window, false);
    }
  } catch (cause) {
    const isDamaged = cause instanceof Error && "code" in cause && isGzipCode(cause.code);
    if (!isDamaged) throw cause;
    const message = "The file is gzip, and damaged or cut off; nothing of it is taken.";
    throw new AppError("invalid-request", { message, cause });
  } finally {
    compressed.destroy();
    plain.destroy();
  }
  await consume(window, true);
}

/** zlib.h: what it finds wrong with its input. */
const isGzipCode = (code: unknown) => code === "Z_BUF_ERROR" || code === "Z_DATA_ERROR";
