import type { AdjustedLogits } from "./adjusted-logits";
import { brokenLogits } from "./broken-logits";
import { expAtMostOne } from "./exp-at-most-one";
import { pickHighest } from "./pick-highest";
import { RankedRow } from "./ranked-row";
import type { SamplingParameters } from "./sampling-parameters";
import { ScratchArray } from "./scratch-array";
import { isTruncated, toCountMax, toExponentMin } from "./truncation";

/**
 * The sampler's long way, over every token: what `sampler.ts` falls back on when the graph's lists do
 * not decide, and the only way for a graph without them.
 */

const rowScratch = new ScratchArray((length) => new Float64Array(length));
const weightScratch = new ScratchArray((length) => new Float64Array(length));

/**
 * @param random in [0, 1).
 * @returns undefined when the adjustments banned every token that the model thinks possible.
 * @throws AppError `internal` when the model gave no usable numbers.
 */
export function sampleFullRow(
  all: Float32Array,
  adjusted: AdjustedLogits,
  parameters: SamplingParameters,
  random: number,
): number | undefined {
  // Of the raw row too, since a bias must not hide what is broken.
  expectUsableRow(all);
  const logits = toRow(all, adjusted);
  const best = pickHighest(logits, all.length);
  const highest = logits[best] as number; // pickHighest returns an index of the row.
  if (highest === Number.NEGATIVE_INFINITY) return undefined;
  if (parameters.temperature === 0) return best;
  const row = { logits, size: all.length, highest, temperature: parameters.temperature };
  return isTruncated(parameters, all.length)
    ? drawByRank(row, parameters, random)
    : drawById(row, weighRow(row), random);
}

/** @throws AppError `internal` for a row of NaN, Infinity or nothing but -Infinity. */
export function expectUsableRow(all: Float32Array): void {
  const highest = all[pickHighest(all)] as number; // pickHighest returns an index of the row.
  if (!Number.isFinite(highest)) throw brokenLogits(highest);
}

/** Every logit as it counts for this draw. */
export function toRow(all: Float32Array, adjusted: AdjustedLogits): Float64Array {
  const row = rowScratch.take(all.length);
  row.set(all);
  for (let index = 0; index < adjusted.count; index++) {
    const id = adjusted.ids[index] as number; // Within the first `count`.
    row[id] = adjusted.get(id);
  }
  return row;
}

/** Tokens with their logits, in order of id; `highest` is the highest of the logits and finite. */
export type Row = {
  readonly logits: Float64Array;
  readonly size: number;
  readonly highest: number;
  readonly temperature: number;
};

/** The mass of a row, relative to its highest. Its weights are left for `drawById`. */
export function weighRow({ logits, size, highest, temperature }: Row): number {
  const weights = weightScratch.take(size);
  let total = 0;
  for (let id = 0; id < size; id++) {
    const weight = expAtMostOne(((logits[id] as number) - highest) / temperature); // Within bounds.
    weights[id] = weight;
    total += weight;
  }
  return total;
}

/**
 * Without truncation: along the ids, as the graph's blocks are.
 *
 * @param total of the row that was weighed last, this one.
 * @returns an index of the row.
 */
export function drawById({ size }: Row, total: number, random: number): number {
  const weights = weightScratch.take(size);
  const target = random * total;
  let sum = 0;
  let last = 0;
  for (let id = 0; id < size; id++) {
    const weight = weights[id] as number; // Within bounds by the loop's condition.
    if (weight === 0) continue;
    sum += weight;
    last = id;
    if (sum > target) break;
  }
  // The last possible one when rounding put the target at the very end.
  return last;
}

/**
 * With truncation: min-p, top-k, top-p, then the draw, each a place in the order of rank.
 *
 * @returns an index of the row.
 */
export function drawByRank(row: Row, parameters: SamplingParameters, random: number): number {
  const ranked = new RankedRow({ ...row, exponentMin: toExponentMin(parameters.minP) });
  const countMax = toCountMax(parameters.topK, row.size);
  let kept = countMax < row.size ? ranked.cutAtCount(countMax) : undefined;
  if (parameters.topP < 1) kept = ranked.cutAtMass(parameters.topP * (kept?.mass ?? ranked.mass));
  const drawn = ranked.cutAtMass(random * (kept?.mass ?? ranked.mass));
  // Rounding may put the target a crumb behind the last one.
  return kept && ranked.isBefore(kept.id, drawn.id) ? kept.id : drawn.id;
}
