import { totalmem } from "node:os";
import { StartError } from "@/lib/util/start-error";
import type { CacheSlot } from "./onnx/graph-signature";

/** What the runtime, this process and the rest of the machine need besides, as a share of all memory. */
const RESERVED_SHARE = 0.1;
const ELEMENT_BYTES = { float32: 4, float16: 2 } as const;

export type MemoryNeed = {
  weightBytes: number;
  /** What is needed once besides, such as the row that texts are read in for their vectors. */
  sharedBytes?: number;
  /** Keys and values of one sequence that fills the context; 0 while that is not known. */
  sequenceBytes: number;
  /** Sequences wanted at once. */
  slotCount: number;
  /** Whether fewer will do: a default may be lowered, what somebody asked for may not. */
  mayRunFewer: boolean;
};

export type MemoryPlan = {
  slotCount: number;
  /** Weights and the whole KV cache, in bytes: set aside at start, never exceeded later. */
  bytes: number;
  summary: string;
  warning: string | undefined;
};

/**
 * Memory this process can count on: the container's limit (cgroup v1 or v2) where there is one, else
 * what the machine has, and of either no more than is free right now.
 */
export function readMemoryBytes(): number {
  // Without a limit it is 0, or a number beyond every machine.
  const limit = process.constrainedMemory() || Number.POSITIVE_INFINITY;
  const whole = Math.min(limit, totalmem());
  // Node has it from 20.13 on; one release before is still supported.
  const free = "availableMemory" in process ? process.availableMemory() : whole;
  // Reserving is for the whole; what is free has the others' needs taken off already.
  return Math.min(whole, free / (1 - RESERVED_SHARE));
}

export function cacheBytesOf(slots: readonly CacheSlot[], contextLength: number): number {
  const perToken = slots.map((it) => it.headCount * it.headSize * ELEMENT_BYTES[it.dtype]);
  return contextLength * perToken.reduce((sum, bytes) => sum + bytes, 0);
}

/**
 * What a sequence takes that fills the context of a graph whose cache grows: its row, the window that the
 * graph reads (`growing-cache.ts`), and, for the layer that is running, keys and values once joined with
 * the new ones and twice repeated for the heads that share them.
 */
export function growingBytesOf(slots: readonly CacheSlot[], contextLength: number): number {
  const bytes = cacheBytesOf(slots, contextLength);
  const perSlot = bytes / slots.length;
  const keysWithValues = 2 * perSlot;
  return Math.ceil(2 * bytes + keysWithValues * (1 + 2 * REPEATS));
}

/**
 * What the scores of one chunk of a prompt take in a graph with attention in plain operators, at the end of the
 * context: every head's as they are, with the mask, and as weights, in single precision. Measured with 32 heads and
 * 8,192 tokens: 209 MiB more than without; this says 192 and is for one layer, of which all use the same memory.
 *
 * @param headCount of queries; unless known, as many as the most that share keys and values in most models.
 */
export function scoreBytesOf(
  slots: readonly CacheSlot[],
  contextLength: number,
  headCount?: number,
): number {
  const heads = headCount ?? REPEATS * Math.max(...slots.map((it) => it.headCount));
  return SCORE_COPIES * heads * CHUNK_TOKENS * contextLength * ELEMENT_BYTES.float32;
}

const SCORE_COPIES = 3;
/** Prompts of such graphs are never read in larger chunks (`step-loop.ts`). */
const CHUNK_TOKENS = 64;

/** How many heads share keys and values: four to eight in most models, and the graph does not say. */
const REPEATS = 8;

/**
 * How many sequences can fill their context at once. The whole KV cache is set aside at start: memory that
 * runs out in the middle of answers ends the process without a word, so those beyond wait instead.
 *
 * @throws StartError when not even one fits, or fewer than were asked for.
 */
export function planMemory(need: MemoryNeed, memoryBytes = readMemoryBytes()): MemoryPlan {
  const { weightBytes, sharedBytes = 0, sequenceBytes, slotCount, mayRunFewer } = need;
  const usable = memoryBytes * (1 - RESERVED_SHARE);
  const fitting = Math.floor((usable - weightBytes - sharedBytes) / sequenceBytes);
  const [weights, sequence, memory] = [weightBytes, sequenceBytes, memoryBytes].map(toText);
  const besides = sharedBytes ? ` and ${toText(sharedBytes)} besides` : "";
  const cache = sequenceBytes ? `${sequence} of KV cache for each sequence${besides}, ` : "";
  const facts = `weights ${weights}, ${cache}memory ${memory}`;
  // Before the graph is known the division is by nothing: infinite while the weights fit.
  if (!(fitting >= 1)) {
    throw new StartError({
      message: `The model does not fit into memory: ${facts}.`,
      remedy:
        "Give this machine or container more memory, take a smaller form of the weights, or serve a shorter context with --max-model-len.",
    });
  }
  if (fitting < slotCount && !mayRunFewer) {
    throw new StartError({
      message: `${slotCount} sequences at once do not fit into memory: ${facts}.`,
      remedy: `Ask for --slots ${fitting} or fewer, or serve a shorter context with --max-model-len.`,
    });
  }
  const count = Math.min(fitting, slotCount);
  const bytes = weightBytes + sharedBytes + count * sequenceBytes;
  const summary = `${facts}; ${count} at once, ${toText(bytes)} in all`;
  const warning =
    count < slotCount
      ? `Memory is enough for ${count} of ${slotCount} sequences at once; the others wait (${facts}).`
      : undefined;
  return { slotCount: count, bytes, summary, warning };
}

function toText(bytes: number): string {
  return bytes < 2 ** 30
    ? `${(bytes / 2 ** 20).toFixed(1)} MiB`
    : `${(bytes / 2 ** 30).toFixed(1)} GiB`;
}
