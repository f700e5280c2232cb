import { AppError } from "@/lib/errors";

const END = 0;

/**
 * The JSON objects of a stream in which a zero byte ends each. Every one holds the whole text so far, so of
 * those that come together only the last is read: parsing all of them is quadratic in the answer's length.
 *
 * @throws AppError `upstream-invalid` for an object that is no JSON, longer than `bytesMax`, or cut off.
 */
export async function* readChunks(
  bytes: AsyncIterable<Uint8Array>,
  bytesMax: number,
): AsyncGenerator<unknown> {
  let parts: Uint8Array[] = [];
  let size = 0;
  for await (const piece of bytes) {
    const end = piece.lastIndexOf(END);
    if (end === -1) {
      parts.push(piece);
      size += piece.length;
      if (size > bytesMax) throw invalid(`A chunk of the worker exceeds ${bytesMax} bytes.`);
      continue;
    }
    const before = Buffer.concat([...parts, piece.subarray(0, end)]);
    parts = end + 1 < piece.length ? [piece.subarray(end + 1)] : [];
    size = piece.length - end - 1;
    const last = before.subarray(before.lastIndexOf(END) + 1);
    if (last.length > bytesMax) throw invalid(`A chunk of the worker exceeds ${bytesMax} bytes.`);
    if (last.length > 0) yield parse(last);
  }
  if (size > 0) throw invalid("The worker's stream ends in the middle of a chunk.");
}

const decoder = new TextDecoder("utf-8", { fatal: true });

function parse(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(decoder.decode(bytes));
  } catch (cause) {
    throw invalid("A chunk of the worker is not valid JSON.", cause);
  }
}

function invalid(message: string, cause?: unknown): AppError {
  return new AppError("upstream-invalid", { message, cause });
}
