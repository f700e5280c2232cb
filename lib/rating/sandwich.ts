import { solveCholesky } from "./cholesky";
import type { ComparisonRows } from "./comparison-rows";
import { factorBread, type Penalty } from "./fit-strengths";
import { newSums, type RowSums } from "./row-sums";

/**
 * Variances of a fit that hold also where the model of votes is wrong: H⁻¹ G H⁻¹, H being the information and G
 * the sum of the rows' squared gradients (Huber 1967; arXiv 2403.04132, §5).
 *
 * A sandwich reads its spread from residuals, and those of few votes say little: two models that tied three times
 * of three have none, and would stand beside each other without any doubt. The spread of a pair of few votes is
 * therefore partly that of its fitted odds: of a coin, times what votes on this board vary beside coins. That factor
 * in turn begins at 1, so that a young board is judged by coins, which is the wide side. On pairs of a hundred
 * votes and more nothing of it is left (docs/decisions/0042). Whoever compares with a reference wants residuals alone.
 */

/** At so many votes of a pair half of its spread is its own, at three times as many nine tenths, and so on by squares. */
const PAIR_VOTES_HALF = 4;
/** Votes of coins that the board's own votes have to outweigh. */
const COIN_VOTES = 100;

/**
 * Standard errors of linear functions of the parameters.
 *
 * @param bread what stands for the penalty in H.
 * @param contrasts each with a number for every parameter; those of strengths sum to zero unless strengths are penalised.
 */
export function toStandardErrors(
  rows: ComparisonRows,
  at: {
    /** Of the fit. */
    sums: RowSums;
    filling: RowSums;
    bread: Penalty;
    contrasts: readonly Float64Array[];
  },
): number[] {
  const lower = factorBread(at.sums, rows, at.bread);
  const filling = toForm(at.filling, rows);
  return at.contrasts.map((contrast) => Math.sqrt(filling(solveCholesky(lower, contrast))));
}

/**
 * G: gradients squared, row by row.
 *
 * @param pairVotes by ordered pair of places, row-major: all votes of the two, whichever stood first; absent: pairs
 * of few votes are taken like any other.
 */
export function sumFilling(
  rows: ComparisonRows,
  parameters: Float64Array,
  pairVotes: Float64Array | undefined,
): RowSums {
  const spread = pairVotes === undefined ? 0 : toDispersion(rows, parameters);
  const { order, featureCount, first, second, mass, won, votes, features } = rows;
  const sums = newSums(rows);
  for (let row = 0; row < rows.count; row++) {
    const a = first[row] as number;
    const b = second[row] as number;
    const expected = toExpected(rows, parameters, row);
    const weight = mass[row] as number;
    const residual = (won[row] as number) / weight - expected;
    const shift =
      pairVotes === undefined
        ? 0
        : 1 / (1 + ((pairVotes[a * order + b] as number) / PAIR_VOTES_HALF) ** 2);
    const square = residual * residual * (1 - shift) + spread * expected * (1 - expected) * shift;
    const value = (weight * weight * square) / (votes === undefined ? 1 : (votes[row] as number));
    const pair = a * order + b;
    sums.pairs[pair] = (sums.pairs[pair] as number) + value;
    for (let k = 0; k < featureCount; k++) {
      const scaled = value * (features[row * featureCount + k] as number);
      sums.cross[a * featureCount + k] = (sums.cross[a * featureCount + k] as number) + scaled;
      sums.cross[b * featureCount + k] = (sums.cross[b * featureCount + k] as number) - scaled;
      for (let l = 0; l <= k; l++) {
        const place = k * featureCount + l;
        const other = features[row * featureCount + l] as number;
        sums.between[place] = (sums.between[place] as number) + scaled * other;
      }
    }
  }
  return sums;
}

/** A read inside a column: every index here is built from loop bounds below its length. */
const read = (values: Float64Array, index: number): number => values[index] as number;

/** Probability that the row's first model wins. */
function toExpected(rows: ComparisonRows, parameters: Float64Array, row: number): number {
  const { order, featureCount, features } = rows;
  let odds =
    read(parameters, rows.first[row] as number) - read(parameters, rows.second[row] as number);
  for (let k = 0; k < featureCount; k++) {
    odds += read(features, row * featureCount + k) * read(parameters, order + k);
  }
  return 1 / (1 + Math.exp(-odds));
}

/** How much votes vary on this board, beside a coin of the fitted odds: ties make it less than 1. */
function toDispersion(rows: ComparisonRows, parameters: Float64Array): number {
  // Of a coin of even odds.
  let squares = COIN_VOTES / 4;
  let coins = COIN_VOTES / 4;
  for (let row = 0; row < rows.count; row++) {
    const expected = toExpected(rows, parameters, row);
    const votes = rows.votes === undefined ? 1 : (rows.votes[row] as number);
    squares += votes * (read(rows.won, row) / read(rows.mass, row) - expected) ** 2;
    coins += votes * expected * (1 - expected);
  }
  return squares / coins;
}

/** x ↦ xᵀ G x, from the sums: a matrix of G would be mostly zeros where few of the pairs met. */
function toForm({ pairs, cross, between }: RowSums, { order, featureCount }: ComparisonRows) {
  // Columns, since this is read once for each model: a list of objects took four times as long.
  const most = (order * (order - 1)) / 2;
  const [first, second] = [new Uint16Array(most), new Uint16Array(most)];
  const values = new Float64Array(most);
  let met = 0;
  for (let a = 0; a < order; a++) {
    for (let b = a + 1; b < order; b++) {
      const value = read(pairs, a * order + b) + read(pairs, b * order + a);
      if (value === 0) continue;
      first[met] = a;
      second[met] = b;
      values[met] = value;
      met += 1;
    }
  }
  return (x: Float64Array): number => {
    let sum = 0;
    for (let pair = 0; pair < met; pair++) {
      const distance = read(x, first[pair] as number) - read(x, second[pair] as number);
      sum += read(values, pair) * distance ** 2;
    }
    for (let k = 0; k < featureCount; k++) {
      const own = read(x, order + k);
      let along = 0;
      for (let place = 0; place < order; place++) {
        along += read(x, place) * read(cross, place * featureCount + k);
      }
      sum += 2 * along * own + own * own * read(between, k * featureCount + k);
      for (let l = 0; l < k; l++) {
        sum += 2 * own * read(x, order + l) * read(between, k * featureCount + l);
      }
    }
    // Rounding may leave less than nothing of nothing.
    return Math.max(0, sum);
  };
}
