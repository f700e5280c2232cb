import { createHash } from "node:crypto";
import { createWriteStream } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { VOTE_FILE_BYTES_MAX } from "@/lib/board-limits";
import { AppError } from "@/lib/errors";
import { hashed } from "./vote-snapshot";

/**
 * Puts the lines of a snapshot into a file of this machine for as long as `work` reads it, since a million
 * votes have no place in memory.
 *
 * @param hash SHA-256 that the lines must have.
 * @throws AppError `conflict` where they have another one.
 */
export async function withVoteFile<T>(
  lines: AsyncIterable<Uint8Array>,
  hash: string,
  work: (path: string) => Promise<T>,
): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), "parley-votes-"));
  try {
    const path = join(folder, "votes.jsonl");
    const digest = createHash("sha256");
    await pipeline(Readable.from(hashed(limited(lines), digest)), createWriteStream(path));
    const found = digest.digest("hex");
    if (found !== hash) {
      throw new AppError("conflict", {
        message: `The votes are not those that the board names: their SHA-256 is ${found}, not ${hash}.`,
      });
    }
    return await work(path);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** A stranger's votes must not fill this machine's disk. */
async function* limited(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let size = 0;
  for await (const chunk of chunks) {
    size += chunk.length;
    if (size > VOTE_FILE_BYTES_MAX) {
      throw new AppError("body-too-large", {
        message: `The votes are more than ${VOTE_FILE_BYTES_MAX / 2 ** 30} GiB, which no board is computed from.`,
      });
    }
    yield chunk;
  }
}
