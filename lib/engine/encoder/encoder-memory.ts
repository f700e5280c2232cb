import { StartError } from "@/lib/util/start-error";
import { readMemoryBytes } from "../memory-plan";

/** What decides how much memory a graph that reads takes. */
export type EncoderNeed = {
  weightBytes: number;
  headCount: number;
  hiddenSize: number;
  innerSize: number;
  /** Tokens of the longest text. */
  contextLength: number;
  /** Whether texts of fewer tokens will do: a default may be lowered, what somebody asked for may not. */
  mayReadLess: boolean;
};

export type EncoderMemory = {
  contextLength: number;
  bytes: number;
  summary: string;
  warning: string | undefined;
};

const FLOAT_BYTES = 4;
/** What the rest of the process needs, as a share of all memory. */
const RESERVED_SHARE = 0.1;
/** Texts that most models read; a model is not lowered below. */
const CONTEXT_MIN = 512;

/**
 * How long texts may be. A pass over one text holds the attention's scores of a layer and their softmax,
 * which grow with the square of the length: 6 GB for 8,192 tokens and 12 heads, where 512 take 25 MB.
 * Memory that runs out in the middle of a pass ends the process without a word, so a model reads no
 * longer texts than fit, in halves of its length.
 *
 * @throws StartError when not even the least fits, or less than was asked for.
 */
export function planEncoderMemory(
  need: EncoderNeed,
  memoryBytes = readMemoryBytes(),
): EncoderMemory {
  const { weightBytes, mayReadLess } = need;
  const usable = memoryBytes * (1 - RESERVED_SHARE);
  let contextLength = need.contextLength;
  const bytesOf = (length: number) => weightBytes + passBytesOf(need, length);
  while (mayReadLess && bytesOf(contextLength) > usable && contextLength / 2 >= CONTEXT_MIN) {
    contextLength = Math.floor(contextLength / 2);
  }
  const bytes = bytesOf(contextLength);
  const pass = toText(passBytesOf(need, contextLength));
  const summary = `weights ${toText(weightBytes)}, ${pass} for a text of ${contextLength} tokens, memory ${toText(memoryBytes)}`;
  if (bytes > usable) {
    throw new StartError({
      message: `The model does not fit into memory: ${summary}.`,
      remedy:
        "Give this machine or container more memory, take a smaller form of the weights, or read shorter texts with --max-model-len.",
    });
  }
  const warning =
    contextLength < need.contextLength
      ? `Memory is enough for texts of ${contextLength} of ${need.contextLength} tokens (${summary}).`
      : undefined;
  return { contextLength, bytes, summary, warning };
}

function passBytesOf({ headCount, hiddenSize, innerSize }: EncoderNeed, length: number): number {
  return length * (2 * headCount * length + 8 * hiddenSize + 2 * innerSize) * FLOAT_BYTES;
}

function toText(bytes: number): string {
  return bytes < 2 ** 30
    ? `${(bytes / 2 ** 20).toFixed(1)} MiB`
    : `${(bytes / 2 ** 30).toFixed(1)} GiB`;
}
