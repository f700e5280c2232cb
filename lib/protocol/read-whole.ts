import { AppError } from "@/lib/errors";

/**
 * A body to its end, as bytes. Whoever sends it may be somebody else's machine, so that it may not be
 * longer than its reader can hold.
 *
 * @throws AppError `upstream-invalid` for one that is longer than `bytesMax`, which is then let go; else what the body throws.
 */
export async function readWhole(
  body: AsyncIterable<Uint8Array>,
  bytesMax: number,
): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body) {
    size += chunk.length;
    if (size > bytesMax) {
      throw new AppError("upstream-invalid", {
        message: `A worker's reply is longer than ${bytesMax} bytes.`,
      });
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, size);
}
