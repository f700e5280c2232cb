import { AppError } from "@/lib/errors";

/** One JSON value as a line of the wire. */
export function toJsonLine(value: unknown): string {
  return `${JSON.stringify(value)}\n`;
}

/**
 * Reads newline-delimited JSON values from byte chunks, whole lines only, never half a code point.
 *
 * @throws AppError `upstream-invalid` on a line that is not JSON or is longer than `lineBytesMax`.
 */
export async function* readJsonLines(
  chunks: AsyncIterable<Uint8Array>,
  lineBytesMax: number,
): AsyncGenerator<unknown> {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  let rest = "";
  for await (const chunk of chunks) {
    rest += decoder.decode(chunk, { stream: true });
    const lines = rest.split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) if (line !== "") yield parseLine(line);
    if (rest.length > lineBytesMax) {
      throw new AppError("upstream-invalid", { message: `A line exceeds ${lineBytesMax} bytes.` });
    }
  }
  rest += decoder.decode();
  if (rest !== "") yield parseLine(rest);
}

function parseLine(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch (cause) {
    throw new AppError("upstream-invalid", { message: "A line is not valid JSON.", cause });
  }
}
