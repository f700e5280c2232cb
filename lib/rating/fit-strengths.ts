import { assert } from "@/lib/util/assert";
import { factorCholesky, solveCholesky } from "./cholesky";
import type { ComparisonRows } from "./comparison-rows";
import { newSums, type RowSums, sumCurvature, toMatrix } from "./row-sums";

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

/**
 * Newton stops after the first step shorter than this, in natural log-odds. What is left after a step is about its
 * square, since convergence is quadratic: 2e-10 points.
 */
const STEP_MIN = 1e-6;
/** On sparse boards rounding alone makes steps longer than that: below this, one that no longer shrinks is the last. */
const STEP_ROUNDING_MAX = 1e-5;
/** Newton needs 4 to 8 steps, some tens on chains of near-certain wins; more is a bug. */
const STEP_COUNT_MAX = 200;
/** A factor from elsewhere serves as long as each step is at most this part of the one before. */
const SHRINKING_MIN = 0.2;
const HALVING_COUNT_MAX = 60;
/** Of the slope at a step's beginning: what may be left of it, in the other direction, at its end. */
const SLOPE_LEFT_MAX = 0.5;

export type FitOptions = {
  penalty: Penalty;
  /** Parameters to begin with; zeros where absent. */
  start?: Float64Array | undefined;
  /** A resample is known well enough long before rounding. */
  stepMin?: number | undefined;
  /** The factor of the information of a fit nearby: a step by it costs far less than one of Newton's. */
  factor?: Float64Array | undefined;
};

export type Fit = {
  /** Natural log-odds: `order` strengths, whose mean is zero where nothing fixes it, then coefficients. */
  parameters: Float64Array;
  /** Of the rows, one last short step before. */
  sums: RowSums;
};

/** @throws AssertionError when the rows and the penalty do not determine the parameters. */
export function fitStrengths(rows: ComparisonRows, options: FitOptions): Fit {
  const { penalty, stepMin = STEP_MIN } = options;
  const size = rows.order + rows.featureCount;
  assert(penalty.coefficients.length === rows.featureCount, "each coefficient has its penalty");
  let parameters: Float64Array = options.start ?? new Float64Array(size);
  assert(parameters.length === size, "there is a number to begin with for each parameter");
  let { factor } = options;
  let sums = newSums(rows);
  let spare = newSums(rows);
  sumCurvature(rows, parameters, sums);
  let longestBefore = Number.POSITIVE_INFINITY;
  for (let count = 0; count < STEP_COUNT_MAX; count++) {
    const slope = penalised(sums.gradient, parameters, penalty, rows.order);
    let step = solveCholesky(factor ?? factorBread(sums, rows, penalty), slope);
    if (factor && longestOf(step) > SHRINKING_MIN * longestBefore) {
      factor = undefined;
      step = solveCholesky(factorBread(sums, rows, penalty), slope);
    }
    const longest = longestOf(step);
    if (longest < stepMin || (longest < STEP_ROUNDING_MAX && longest >= longestBefore)) {
      return { parameters: moved(parameters, step, 1), sums };
    }
    parameters = descend(rows, { parameters, step, slope, penalty }, spare);
    [sums, spare] = [spare, sums];
    longestBefore = longest;
  }
  assert(false, "Newton's method converges where there is a minimum");
}

const longestOf = (step: Float64Array): number =>
  step.reduce((most, value) => Math.max(most, Math.abs(value)), 0);

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
