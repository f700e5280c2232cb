import { assert } from "@/lib/util/assert";
import { levelPairs, type PairTable, toTable } from "./draw-weights";

/**
 * Active sampling (arXiv 2403.04132, eq. 9): a pair is the likelier the more one further vote narrows the
 * interval of its entry in the win matrix,
 *
 *   P(a) ∝ √(σ²_a / n_a) − √(σ²_a / (n_a + 1)).
 *
 * For σ²_a the variance of the pair's own outcomes is taken (1, ½, 0), and not that of the paper's
 * X_t(a) = H_t·1{A_t = a} / P_t(a): the latter grows with 1/P of past draws and depends on which of the two is called
 * the first. `npm run bench -- pairs` measures both.
 *
 * One win and one loss are added to what was seen, so that three wins in a row do not say that there is
 * nothing to learn. A pair that never met has no variance: its entry may be off by 1, and one vote brings
 * that down to the greatest deviation there is, ½. So its gain is ½, over three times that of any pair that met.
 */

/** Of one pair: votes, and sums over them of one side's score H and of its square. Which side does not matter. */
export type PairScores = { count: number; sum: number; squares: number };

const UNMET_GAIN = 0.5;

export function toGain({ count, sum, squares }: PairScores): number {
  if (count === 0) return UNMET_GAIN;
  const mean = (sum + 1) / (count + 2);
  // At least 0 but for rounding.
  const variance = Math.max(0, (squares + 1) / (count + 2) - mean * mean);
  return Math.sqrt(variance / count) - Math.sqrt(variance / (count + 1));
}

/**
 * Pairs by what is to be learnt of them, times what the operator's weights give them. `uniformShare` of all
 * draws is over all pairs alike that are not ruled out, so that none is less likely than that share by
 * their number.
 */
export function activatePairs(
  weighed: PairTable,
  options: { uniformShare: number; gainOf: (left: number, right: number) => number },
): PairTable {
  const { uniformShare, gainOf } = options;
  const count = weighed.models.length;
  const gains = new Float64Array(count ** 2);
  for (let left = 0; left < count; left++) {
    for (let right = left + 1; right < count; right++) {
      const weight = weighed.probabilities[left * count + right] ?? 0;
      if (weight === 0) continue;
      const gain = weight * gainOf(left, right);
      gains[left * count + right] = gain;
      gains[right * count + left] = gain;
    }
  }
  const sum = gains.reduce((total, gain) => total + gain, 0);
  const level = levelPairs(weighed);
  if (sum === 0) return level;
  assert(Number.isFinite(sum), "gains are finite");
  return toTable(
    weighed.models,
    level.probabilities.map(
      (probability, at) =>
        uniformShare * probability + ((1 - uniformShare) * (gains[at] ?? 0)) / sum,
    ),
  );
}
