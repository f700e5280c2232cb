import { totalmem } from "node:os";
import { StartError } from "@/lib/util/start-error";
import type { CacheSlot } from "./onnx/graph-signature";

/** What the runtime, this process and the rest of the machine need besides, as a share of all memory. */
const RESERVED_SHARE = 0.1;
const ELEMENT_BYTES = { float32: 4, float16: 2 } as const;

export type MemoryNeed = {
  weightBytes: number;
  /** Keys and values of one sequence that fills the context; 0 while that is not known. */
  sequenceBytes: number;
  /** Sequences wanted at once. */
  slotCount: number;
};

export type MemoryPlan = { slotCount: number; summary: string; warning: string | undefined };

/** The container's limit (cgroup v1 or v2) where there is one, else what the machine has. */
export function readMemoryBytes(): number {
  // Without a limit it is 0, or a number beyond every machine.
  const limit = process.constrainedMemory() || Number.POSITIVE_INFINITY;
  return Math.min(limit, totalmem());
}

export function cacheBytesOf(slots: readonly CacheSlot[], contextLength: number): number {
  const perToken = slots.map((it) => it.headCount * it.headSize * ELEMENT_BYTES[it.dtype]);
  return contextLength * perToken.reduce((sum, bytes) => sum + bytes, 0);
}

/**
 * How many sequences can fill their context at once. Memory that runs out in the middle of answers
 * ends the process without a word, so those beyond wait for a slot instead.
 *
 * @throws StartError when not even one fits.
 */
export function planMemory(need: MemoryNeed, memoryBytes = readMemoryBytes()): MemoryPlan {
  const { weightBytes, sequenceBytes, slotCount } = need;
  const usable = memoryBytes * (1 - RESERVED_SHARE);
  // One more than run: a step has the cache before and after it.
  const fitting = Math.floor((usable - weightBytes) / sequenceBytes) - 1;
  const [weights, sequence, memory] = [weightBytes, sequenceBytes, memoryBytes].map(toText);
  const cache = sequenceBytes
    ? `${sequence} of cache for each sequence that fills its context, `
    : "";
  const facts = `weights ${weights}, ${cache}memory ${memory}`;
  if (fitting < 1) {
    throw new StartError({
      message: `The model does not fit into memory: ${facts}.`,
      remedy:
        "Give this machine or container more memory, take a smaller form of the weights, or lower max_position_embeddings in config.json.",
    });
  }
  if (fitting >= slotCount) {
    return { slotCount, summary: `${facts}; ${slotCount} at once`, warning: undefined };
  }
  const warning = `Memory is enough for ${fitting} of ${slotCount} sequences at once; the others wait (${facts}).`;
  return { slotCount: fitting, summary: `${facts}; ${fitting} at once`, warning };
}

function toText(bytes: number): string {
  return bytes < 2 ** 30
    ? `${(bytes / 2 ** 20).toFixed(1)} MiB`
    : `${(bytes / 2 ** 30).toFixed(1)} GiB`;
}
