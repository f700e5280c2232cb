import { assert } from "@/lib/util/assert";
import type { Random } from "@/lib/util/random";
import type { PairTable } from "./draw-weights";

/** Indices into the table's models, and the probability of this very pair on these very sides. */
export type SampledPair = { a: number; b: number; probability: number };

/** Two models by the probabilities of a table; undefined where it lets no two meet. */
export function samplePair(table: PairTable, random: Random): SampledPair | undefined {
  const a = sampleIndex(table.shares, random);
  if (a === undefined) return undefined;
  // One for the left side, then one beside it: the same as one of all pairs, in fewer steps.
  const beside = sampleRival(table, a, random);
  assert(beside !== undefined, "who is drawn has a rival");
  return { a, b: beside.rival, probability: beside.probability };
}

/** A rival for the model that stays, by what the table says of pairs with it; undefined where it may meet nobody. */
export function sampleRival(
  table: PairTable,
  stays: number,
  random: Random,
): { rival: number; probability: number } | undefined {
  const count = table.models.length;
  const row = table.probabilities.subarray(stays * count, (stays + 1) * count);
  const rival = sampleIndex(row, random);
  // Whichever side it stays on: the table is symmetric.
  return rival === undefined ? undefined : { rival, probability: row[rival] ?? 0 };
}

/** An index by weight; never one whose weight is 0. */
function sampleIndex(weights: Float64Array, random: Random): number | undefined {
  let sum = 0;
  for (let index = 0; index < weights.length; index++) sum += weights[index] ?? 0;
  assert(Number.isFinite(sum), "probabilities are finite");
  let left = random() * sum;
  let last: number | undefined;
  for (let index = 0; index < weights.length; index++) {
    const weight = weights[index] ?? 0;
    if (weight === 0) continue;
    last = index;
    left -= weight;
    if (left < 0) break;
  }
  // Where rounding leaves a little, it is the last one's.
  return last;
}
