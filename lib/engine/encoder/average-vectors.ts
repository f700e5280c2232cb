import { brokenLogits } from "../sampling/broken-logits";

export type WeightedVector = { vector: ArrayLike<number>; weight: number };

/** The vector of a text from those of its pieces: their mean by weight, of length one. */
export function averageVectors(pieces: readonly WeightedVector[]): number[] {
  const [first] = pieces;
  if (first && pieces.length === 1) return Array.from(first.vector);
  const sum = new Float64Array(first?.vector.length ?? 0);
  for (const { vector, weight } of pieces) {
    for (let at = 0; at < sum.length; at++) {
      // Within both: the vectors of one model are of one size.
      sum[at] = (sum[at] as number) + (vector[at] as number) * weight;
    }
  }
  return Array.from(toUnit(sum));
}

/**
 * Scaled to length one.
 *
 * @throws AppError `internal` when no direction is left.
 */
export function toUnit(vector: Float64Array): Float64Array {
  const length = Math.sqrt(vector.reduce((sum, value) => sum + value * value, 0));
  if (!(length > 0 && Number.isFinite(length))) throw brokenLogits(length);
  return vector.map((value) => value / length);
}
