import type { Random } from "@/lib/util/random";
import type { TokenMask } from "../grammar/grammar";
import { NEUTRAL_SAMPLING, type SamplingParameters } from "./sampling-parameters";
import type { SamplingState } from "./sampling-state";
import type { TokenLogits } from "./token-logits";

/** Rows, parameters and states for the tests and measurements of the sampler. */

export type ListOptions = { temperature: number; topLength?: number; blockSize?: number };

/** A row with the lists that a graph makes of it, in single precision as there. */
export function withLists(all: Float32Array, options: ListOptions): TokenLogits {
  const { temperature, topLength = 64, blockSize = 128 } = options;
  const ranked = Array.from(all.keys()).sort(
    // Ids of the row.
    (a, b) => (all[b] as number) - (all[a] as number) || a - b,
  );
  const ids = ranked.slice(0, topLength);
  const highest = all[ids[0] ?? 0] as number;
  const scale = Math.fround(1 / temperature);
  const sums = new Float32Array(Math.ceil(all.length / blockSize));
  for (const [id, logit] of all.entries()) {
    const block = Math.floor(id / blockSize);
    const exponent = Math.fround(Math.fround(logit - highest) * scale);
    sums[block] = (sums[block] as number) + Math.fround(Math.exp(exponent)); // Of the row.
  }
  return {
    all,
    top: {
      ids: BigInt64Array.from(ids, BigInt),
      values: Float32Array.from(ids, (id) => all[id] as number),
    },
    blocks: { blockSize, sums },
  };
}

/** A row as a graph without lists gives it. */
export function withoutLists(all: Float32Array): TokenLogits {
  return { all, top: undefined, blocks: undefined };
}

export function parametersOf(changes: Partial<SamplingParameters> = {}): SamplingParameters {
  return { ...NEUTRAL_SAMPLING, seed: 1, ...changes };
}

export function stateOf(changes: Partial<SamplingState> = {}): SamplingState {
  return {
    position: 0,
    choice: 0,
    promptIds: [],
    outputCounts: new Map(),
    bannedIds: [],
    ...changes,
  };
}

/** Normally distributed logits: the larger `spread`, the more of the mass is in few tokens. */
export function normalRow(random: Random, size: number, spread: number): Float32Array {
  return Float32Array.from({ length: size }, () => {
    // Box and Muller; 1 − random() is never 0.
    const radius = Math.sqrt(-2 * Math.log(1 - random()));
    return spread * radius * Math.cos(2 * Math.PI * random());
  });
}

/** The mask of a vocabulary of `size` tokens, as a grammar gives it. */
export function maskOf(size: number, isAllowed: (id: number) => boolean): TokenMask {
  const mask = new Int32Array(Math.ceil(size / 32));
  for (let id = 0; id < size; id++) {
    const word = id >> 5;
    if (isAllowed(id)) mask[word] = (mask[word] ?? 0) | (1 << (id & 31));
  }
  return mask;
}
