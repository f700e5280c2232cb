import { createHash, type Hash } from "node:crypto";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGunzip, createGzip } from "node:zlib";
import { sql } from "drizzle-orm";
import {
  SNAPSHOT_LOCK_MS_MAX,
  SNAPSHOT_PART_BYTES,
  VOTE_DOWNLOAD_RETRY_AFTER_SECONDS,
  VOTE_READ_MS_MAX,
} from "@/lib/board-limits";
import type { Database } from "@/lib/db/client";
import { AppError, isAppError } from "@/lib/errors";
import { createId } from "@/lib/util/id";
import { toVoteLine } from "@/lib/vote-files/vote-line";
import { openPublicVotes } from "./public-votes";
import { adoptParts, createPart, createSnapshot, deleteSnapshot, findPart } from "./snapshot-store";

/** PostgreSQL: a lock was not had in time. */
const LOCK_NOT_AVAILABLE = "55P03";

/**
 * The votes of published boards. A snapshot is lines of votes-files/vote-line.ts, named by their SHA-256: the
 * same votes twice are one. It points at nothing and holds neither words nor anything about who voted, so that
 * it stays what it is when visitors delete what they said, and themselves.
 */

export type VoteSnapshot = { hash: string; voteCount: number; byteCount: number };

export type SnapshotOptions = {
  signal?: AbortSignal | undefined;
  /** Hears of votes that were read, of how many. */
  onProgress?: ((done: number, total: number) => void) | undefined;
};

/**
 * Keeps two from storing the same votes at once. In `repeatable read` before anything is read: what the other one
 * stored must be seen. It waits as long as publishing may take, which is far longer than a statement of a page.
 *
 * @throws AppError `overloaded` when another one has it for so long.
 */
export async function lockSnapshots(
  transaction: Database,
  waitMsMax = SNAPSHOT_LOCK_MS_MAX,
): Promise<void> {
  await transaction.execute(sql.raw(`set local lock_timeout = ${waitMsMax}`));
  await transaction.execute(
    sql.raw(`set local statement_timeout = ${waitMsMax + VOTE_READ_MS_MAX}`),
  );
  try {
    await transaction.execute(sql`lock table vote_snapshots in share row exclusive mode`);
  } catch (error) {
    const { cause } = error instanceof Error ? error : {};
    const isTaken = cause instanceof Error && "code" in cause && cause.code === LOCK_NOT_AVAILABLE;
    if (!isTaken) throw error;
    throw new AppError("overloaded", {
      message: `Another board has been being published or removed for ${Math.round(waitMsMax / 1_000)} seconds. Try again when it is done.`,
      retryAfterSeconds: VOTE_DOWNLOAD_RETRY_AFTER_SECONDS,
      cause: error,
    });
  }
}

/**
 * Stores the counted votes of this moment, unless they are stored already and are what their hash says. Neither the votes nor what is made
 * of them is ever in memory as a whole.
 *
 * @param transaction of isolation `repeatable read`, which has called `lockSnapshots`.
 */
export async function storeVoteSnapshot(
  transaction: Database,
  { signal, onProgress }: SnapshotOptions = {},
): Promise<VoteSnapshot> {
  const { count, batches } = await openPublicVotes(transaction, { until: "now", signal });
  // What it is called is known when its last line was read.
  const draft = `draft:${createId()}`;
  await createSnapshot(transaction, { hash: draft, voteCount: 0, byteCount: 0 });
  const digest = createHash("sha256");
  let [voteCount, byteCount] = [0, 0];
  async function* lines() {
    for await (const batch of batches) {
      const bytes = Buffer.from(batch.map(toVoteLine).join(""));
      digest.update(bytes);
      byteCount += bytes.length;
      voteCount += batch.length;
      yield bytes;
      onProgress?.(voteCount, count);
    }
  }
  await pipeline(Readable.from(lines()), createGzip(), async (packed: AsyncIterable<Buffer>) => {
    let part = 0;
    for await (const content of inParts(packed)) {
      await createPart(transaction, { hash: draft, part: part++, content });
    }
  });
  const snapshot = { hash: digest.digest("hex"), voteCount, byteCount };
  const isNew = await createSnapshot(transaction, snapshot);
  if (isNew || !(await isWhole(transaction, snapshot.hash))) {
    await adoptParts(transaction, { from: draft, to: snapshot.hash });
  }
  await deleteSnapshot(transaction, draft);
  return snapshot;
}

/** Whether what is stored under a hash has it still: a disk or a hand may have changed it. */
async function isWhole(transaction: Database, hash: string): Promise<boolean> {
  const digest = createHash("sha256");
  try {
    for await (const piece of readVoteBytes(transaction, hash)) digest.update(piece);
  } catch (error) {
    if (isAppError(error) && error.code === "conflict") return false;
    throw error;
  }
  return digest.digest("hex") === hash;
}

async function* inParts(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let pending: Buffer[] = [];
  let size = 0;
  for await (const chunk of chunks) {
    pending.push(chunk);
    size += chunk.length;
    if (size < SNAPSHOT_PART_BYTES) continue;
    yield Buffer.concat(pending);
    [pending, size] = [[], 0];
  }
  if (size > 0) yield Buffer.concat(pending);
}

/** The pieces of a snapshot as they are stored, one gzip stream; the next is read when it is asked for. */
export async function* readPackedVotes(db: Database, hash: string): AsyncGenerator<Buffer> {
  for (let part = 0; ; part++) {
    const content = await findPart(db, hash, part);
    if (content === undefined) return;
    yield content;
  }
}

/** Its lines, in pieces that end anywhere. */
export async function* readVoteBytes(db: Database, hash: string): AsyncGenerator<Buffer> {
  yield* unpack(readPackedVotes(db, hash));
}

/** What gzip made small, as it was. A reader that leaves ends the source. */
export async function* unpack(packed: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer> {
  const source = Readable.from(packed, { objectMode: false, highWaterMark: 1 });
  const gunzip = createGunzip();
  // An error of the source would leave the other end waiting for ever.
  source.on("error", (error) => gunzip.destroy(error));
  try {
    for await (const chunk of source.pipe(gunzip)) yield chunk;
  } catch (cause) {
    const code = cause instanceof Error && "code" in cause ? cause.code : undefined;
    if (code !== "Z_BUF_ERROR" && code !== "Z_DATA_ERROR") throw cause;
    const message = "The votes are damaged: they are gzip that is cut off or was changed.";
    throw new AppError("conflict", { message, cause });
  } finally {
    source.destroy();
  }
}

/** Hashes what passes. */
export async function* hashed(
  chunks: AsyncIterable<Uint8Array>,
  digest: Hash,
): AsyncGenerator<Uint8Array> {
  for await (const chunk of chunks) {
    digest.update(chunk);
    yield chunk;
  }
}
