import { createHash, type Hash } from "node:crypto";
import { createReadStream } from "node:fs";
import type { Checksum } from "./hub";

/** A hash that takes a file's bytes as the checksum's kind wants them. */
export function beginChecksum({ algorithm }: Checksum, bytes: number): Hash {
  if (algorithm === "sha256") return createHash("sha256");
  // As git names a file's content.
  return createHash("sha1").update(`blob ${bytes}\0`);
}

/** Feeds a file, or its beginning, to a hash. */
export async function hashFile(path: string, hash: Hash, signal: AbortSignal): Promise<void> {
  for await (const piece of createReadStream(path, { signal, highWaterMark: 1024 * 1024 })) {
    hash.update(piece);
  }
}
