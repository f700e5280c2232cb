import { open } from "node:fs/promises";
import type { Readable } from "node:stream";
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
    const magic = Buffer.alloc(2);
    await file.read(magic, 0, 2, 0);
    const total = (await file.stat()).size;
    const isGzip = magic[0] === 0x1f && magic[1] === 0x8b;
    const window = new ByteWindow();
    const told = { total, ...options };
    if (isGzip)
      await gunzip(file.createReadStream({ start: 0, autoClose: false }), window, consume, told);
    else {
      for (let at = 0; ; ) {
        options.signal?.throwIfAborted();
        window.makeRoom(VOTE_WINDOW_BYTES / 2);
        const room = window.bytes.length - window.end;
        const { bytesRead } = await file.read(window.bytes, window.end, room, at);
        if (bytesRead === 0) break;
        at += bytesRead;
        window.end += bytesRead;
        await consume(window, false);
        options.onProgress?.(at, total);
      }
      await consume(window, true);
    }
  } finally {
    await file.close();
  }
}

async function gunzip(
  compressed: Readable,
  window: ByteWindow,
  consume: (window: ByteWindow, isLast: boolean) => void | Promise<void>,
  { signal, onProgress, total }: ReadOptions & { total: number },
): Promise<void> {
  const plain = createGunzip({ chunkSize: 1_048_576 });
  let read = 0;
  compressed.on("data", (chunk: Buffer) => {
    read += chunk.length;
  });
  compressed.on("error", (error) => plain.destroy(error));
  compressed.pipe(plain);
  try {
    for await (const chunk of plain) {
      signal?.throwIfAborted();
      window.push(chunk);
      await consume(window, false);
      onProgress?.(read, total);
    }
  } catch (cause) {
    if (!(cause instanceof Error && "code" in cause && String(cause.code).startsWith("Z_")))
      throw cause;
    const message = "The file is gzip, and damaged or cut off; nothing of it is taken.";
    throw new AppError("invalid-request", { message, cause });
  } finally {
    compressed.destroy();
    plain.destroy();
  }
  await consume(window, true);
}
