import { assert } from "@/lib/util/assert";
import { factorCholesky, solveCholesky } from "./cholesky";
import type { ComparisonRows } from "./comparison-rows";

/**
 * Strengths and coefficients that minimise
 *
 *   −Σ mass · (y ln p + (1 − y) ln(1 − p)) + ½ Σ penalty · parameter²,   p = 1 / (1 + e^−(log-odds of the row)),
 *
 * by Newton's method: the function is convex, so that a step is good when its slope along the step has fallen
 * enough at its end. That needs no value of the function, whose logarithms cost as much as all the rest.
 */

/** By parameter: strengths by place, then coefficients. Zeros for strengths: they are determined up to a common shift. */
export type Penalty = { strength: number; coefficients: readonly number[] };

/** What one pass over the rows gives. */
export type RowSums = {
  /** Of the log-likelihood, by parameter. */
  gradient: Float64Array;
  /** Σ of the rows' values by ordered pair of places; the matrix between strengths is its Laplacian. */
  pairs: Float64Array;
  /** Between strengths and features, `featureCount` a place. */
  cross: Float64Array;
  /** Between features; the lower triangle. */
  between: Float64Array;
};

/**
 * Newton stops after the first step shorter than this, in natural log-odds: 2e-8 points, and since it converges
 * quadratically, what is left after that step is rounding.
 */
const STEP_MIN = 1e-10;
/** On sparse boards rounding alone makes steps longer than that: below this, one that no longer shrinks is the last. */
const STEP_ROUNDING_MAX = 1e-5;
/** Newton needs 4 to 8 steps, some tens on chains of near-certain wins; more is a bug. */
const STEP_COUNT_MAX = 200;
const HALVING_COUNT_MAX = 60;
/** Of the slope at a step's beginning: what may be left of it, in the other direction, at its end. */
const SLOPE_LEFT_MAX = 0.5;

export type FitOptions = {
  penalty: Penalty;
  /** Parameters to begin with; zeros where absent. */
  start?: Float64Array | undefined;
  /** A resample is known well enough long before rounding. */
  stepMin?: number | undefined;
};

/**
 * Parameters in natural log-odds: `order` strengths, whose mean is zero where nothing fixes it, then coefficients.
 *
 * @throws AssertionError when the rows and the penalty do not determine them.
 */
export function fitStrengths(rows: ComparisonRows, options: FitOptions): Float64Array {
  const { penalty, stepMin = STEP_MIN } = options;
  const size = rows.order + rows.featureCount;
  assert(penalty.coefficients.length === rows.featureCount, "each coefficient has its penalty");
  let parameters: Float64Array = options.start ?? new Float64Array(size);
  assert(parameters.length === size, "there is a number to begin with for each parameter");
  let sums = newSums(rows);
  let spare = newSums(rows);
  sumCurvature(rows, parameters, sums);
  let longestBefore = Number.POSITIVE_INFINITY;
  for (let count = 0; count < STEP_COUNT_MAX; count++) {
    const slope = penalised(sums.gradient, parameters, penalty, rows.order);
    const step = solveCholesky(factorBread(sums, rows, penalty), slope);
    const longest = step.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    if (longest < stepMin || (longest < STEP_ROUNDING_MAX && longest >= longestBefore)) {
      return moved(parameters, step, 1);
    }
    parameters = descend(rows, { parameters, step, slope, penalty }, spare);
    [sums, spare] = [spare, sums];
    longestBefore = longest;
  }
  assert(false, "Newton's method converges where there is a minimum");
}

/** The longest halved step that is good; leaves the sums at its end in `sums`. */
function descend(
  rows: ComparisonRows,
  at: { parameters: Float64Array; step: Float64Array; slope: Float64Array; penalty: Penalty },
  sums: RowSums,
): Float64Array {
  const { parameters, step, slope, penalty } = at;
  const before = dot(slope, step);
  for (let halvings = 0, length = 1; halvings < HALVING_COUNT_MAX; halvings++, length /= 2) {
    const candidate = moved(parameters, step, length);
    sumCurvature(rows, candidate, sums);
    const after = dot(penalised(sums.gradient, candidate, penalty, rows.order), step);
    if (after >= -SLOPE_LEFT_MAX * before) return candidate;
  }
  assert(false, "a short enough Newton step on a convex function goes down");
}

/** Uphill of the penalised log-likelihood. */
function penalised(
  gradient: Float64Array,
  parameters: Float64Array,
  { strength, coefficients }: Penalty,
  order: number,
): Float64Array {
  return gradient.map((value, index) => {
    const penalty = index < order ? strength : (coefficients[index - order] ?? 0);
    return value - penalty * (parameters[index] ?? 0);
  });
}

const at = (values: Float64Array, index: number): number => values[index] as number;

const dot = (left: Float64Array, right: Float64Array): number =>
  left.reduce((sum, value, index) => sum + value * at(right, index), 0);

const moved = (parameters: Float64Array, step: Float64Array, length: number) =>
  parameters.map((value, index) => value + length * at(step, index));

export function newSums({ order, featureCount }: ComparisonRows): RowSums {
  return {
    gradient: new Float64Array(order + featureCount),
    pairs: new Float64Array(order * order),
    cross: new Float64Array(order * featureCount),
    between: new Float64Array(featureCount * featureCount),
  };
}

/** Gradient, and the observed information of each row: mass · p (1 − p). */
export function sumCurvature(rows: ComparisonRows, parameters: Float64Array, into: RowSums): void {
  into.gradient.fill(0);
  into.pairs.fill(0);
  into.cross.fill(0);
  into.between.fill(0);
  if (rows.featureCount === 0) sumPlain(rows, parameters, into);
  else sumFeatured(rows, parameters, into);
}

function sumPlain(rows: ComparisonRows, parameters: Float64Array, { gradient, pairs }: RowSums) {
  const { count, order, first, second, halves, mass } = rows;
  for (let row = 0; row < count; row++) {
    // Rows are made with places below the order; loop bounds are the columns' lengths.
    const a = first[row] as number;
    const b = second[row] as number;
    const weight = mass[row] as number;
    const odds = (parameters[a] as number) - (parameters[b] as number);
    // e^-|d| keeps the digits that p (1 − p) would lose.
    const small = Math.exp(odds < 0 ? odds : -odds);
    const share = 1 / (1 + small);
    const expected = odds < 0 ? small * share : share;
    const residual = weight * ((halves[row] as number) / 2 - expected);
    gradient[a] = (gradient[a] as number) + residual;
    gradient[b] = (gradient[b] as number) - residual;
    const pair = a * order + b;
    pairs[pair] = (pairs[pair] as number) + weight * small * share * share;
  }
}

function sumFeatured(rows: ComparisonRows, parameters: Float64Array, into: RowSums) {
  const { count, order, featureCount, first, second, halves, mass, features } = rows;
  const { gradient, pairs, cross, between } = into;
  const coefficients = parameters.subarray(order);
  const slopes = gradient.subarray(order);
  for (let row = 0; row < count; row++) {
    const a = first[row] as number;
    const b = second[row] as number;
    const weight = mass[row] as number;
    const from = row * featureCount;
    let odds = (parameters[a] as number) - (parameters[b] as number);
    for (let k = 0; k < featureCount; k++) {
      odds += (features[from + k] as number) * (coefficients[k] as number);
    }
    const small = Math.exp(odds < 0 ? odds : -odds);
    const share = 1 / (1 + small);
    const expected = odds < 0 ? small * share : share;
    const residual = weight * ((halves[row] as number) / 2 - expected);
    const value = weight * small * share * share;
    gradient[a] = (gradient[a] as number) + residual;
    gradient[b] = (gradient[b] as number) - residual;
    const pair = a * order + b;
    pairs[pair] = (pairs[pair] as number) + value;
    for (let k = 0; k < featureCount; k++) {
      const feature = features[from + k] as number;
      slopes[k] = (slopes[k] as number) + residual * feature;
      const scaled = value * feature;
      cross[a * featureCount + k] = (cross[a * featureCount + k] as number) + scaled;
      cross[b * featureCount + k] = (cross[b * featureCount + k] as number) - scaled;
      for (let l = 0; l <= k; l++) {
        const place = k * featureCount + l;
        between[place] = (between[place] as number) + scaled * (features[from + l] as number);
      }
    }
  }
}

/** Σ value · x xᵀ over the rows, x being 1 for the first model, -1 for the second, and the features: dense. */
export function toMatrix(
  { pairs, cross, between }: RowSums,
  { order, featureCount }: ComparisonRows,
): Float64Array {
  const size = order + featureCount;
  const matrix = new Float64Array(size * size);
  for (let low = 0; low < order; low++) {
    for (let high = low + 1; high < order; high++) {
      const value = at(pairs, low * order + high) + at(pairs, high * order + low);
      if (value === 0) continue;
      matrix[low * size + high] = -value;
      matrix[high * size + low] = -value;
      matrix[low * size + low] = at(matrix, low * size + low) + value;
      matrix[high * size + high] = at(matrix, high * size + high) + value;
    }
  }
  for (let k = 0; k < featureCount; k++) {
    for (let place = 0; place < order; place++) {
      matrix[place * size + order + k] = at(cross, place * featureCount + k);
      matrix[(order + k) * size + place] = at(cross, place * featureCount + k);
    }
    for (let l = 0; l <= k; l++) {
      matrix[(order + k) * size + order + l] = at(between, k * featureCount + l);
      matrix[(order + l) * size + order + k] = at(between, k * featureCount + l);
    }
  }
  return matrix;
}

/**
 * The factor of the penalised information. Where strengths have no penalty the matrix is singular along a common
 * shift of them. Adding the same number to every entry between strengths makes it positive definite and changes
 * nothing at right angles to that shift, where gradients, steps and contrasts live.
 */
export function factorBread(sums: RowSums, rows: ComparisonRows, penalty: Penalty): Float64Array {
  const { order, featureCount } = rows;
  const size = order + featureCount;
  const matrix = toMatrix(sums, rows);
  let trace = 0;
  for (let place = 0; place < order; place++) trace += at(matrix, place * size + place);
  const shift = trace / order / order;
  for (let row = 0; row < order; row++) {
    for (let column = 0; column < order; column++) {
      matrix[row * size + column] = at(matrix, row * size + column) + shift;
    }
    matrix[row * size + row] = at(matrix, row * size + row) + penalty.strength;
  }
  for (let k = 0; k < featureCount; k++) {
    const diagonal = (order + k) * size + order + k;
    matrix[diagonal] = at(matrix, diagonal) + (penalty.coefficients[k] ?? 0);
  }
  return factorCholesky(matrix, size);
}
