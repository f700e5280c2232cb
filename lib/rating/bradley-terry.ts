import { assert } from "@/lib/util/assert";
import { factorCholesky, invertCholesky, solveCholesky } from "./cholesky";
import { type PairScore, toComparisonGraph } from "./comparison-graph";

/**
 * Bradley–Terry strengths by maximum likelihood (Bradley and Terry, Biometrika 39, 1952).
 *
 * Model i beats model j with probability p = 1 / (1 + 10^((r_j − r_i) / 400)). With w_ij wins of i over
 * j, a tie being half a win for each, the log-likelihood Σ w_ij ln p_ij is concave, and it has exactly
 * one maximum, up to a shift of all ratings, if and only if no group of models is unbeaten by the rest
 * (Ford, American Mathematical Monthly 64, 1957; Hunter, Annals of Statistics 32, 2004, §2). That is for
 * the caller to see to: `comparison-graph.ts`.
 *
 * Newton's method with step halving rather than Hunter's MM iteration: it converges quadratically, in
 * 5 to 8 steps on real boards where MM takes hundreds, and its matrix is needed for the intervals anyway.
 *
 * The covariance is the inverse of the observed information, pseudo-inverted because a common shift
 * carries no information. A sandwich estimate (Huber, 1967; used by arXiv 2403.04132, §5) would also
 * notice that half-win ties vary less than wins, but it is built from residuals and collapses where
 * votes are few: a pair that only ever tied would get an interval of width zero. The inverse information
 * errs on the wide side instead.
 */

/** Rating points of a tenfold in odds: Elo's convention, scale 400 and base 10. */
export const SCALE = 400;
/** Mean of the ratings. */
export const CENTRE = 1000;
/** Points of one unit of natural log-odds. */
export const POINTS = SCALE / Math.LN10;
/** The 97.5 % quantile of the normal distribution: two-sided 95 % intervals. */
export const NORMAL_975 = 1.959963984540054;

/**
 * Newton stops after the first step shorter than this, in natural log-odds: 2e-8 points, and since it
 * converges quadratically, what is left after that step is rounding.
 */
const STEP_MIN = 1e-10;
/** On sparse boards rounding alone makes steps longer than that: below this, one that no longer shrinks is the last. */
const STEP_ROUNDING_MAX = 1e-5;
/** Newton needs 5 to 8 steps, some tens on chains of near-certain wins; more is a bug. */
const STEP_COUNT_MAX = 200;
const HALVING_COUNT_MAX = 60;
/** Relative rounding of a sum of some thousand logarithms, generously. */
const LIKELIHOOD_ROUNDING = 1e-13;

export type BradleyTerryFit = {
  /** Points, centred: their mean is `CENTRE`. */
  ratings: Float64Array;
  /** Covariance of the centred ratings in points², row-major. */
  covariance: Float64Array;
};

/**
 * Fits `order` models to `pairs`.
 *
 * @throws AssertionError when the pairs do not determine the strengths.
 * @example fitBradleyTerry(2, [{ a: 0, b: 1, games: 4, score: 3 }]).ratings // 1095.4…, 904.6…
 */
export function fitBradleyTerry(order: number, pairs: readonly PairScore[]): BradleyTerryFit {
  for (const pair of pairs) assertPair(pair, order);
  const components = toComparisonGraph(order, pairs).strongComponents();
  assert(components.length === 1, "the pairs determine every strength");
  const strengths = maximise(order, pairs);
  const { information } = derivatives(strengths, pairs);
  return { ratings: toRatings(strengths), covariance: toCovariance(information, order) };
}

function assertPair({ a, b, games, score }: PairScore, order: number): void {
  assert(a >= 0 && a < order && b >= 0 && b < order && a !== b, "a pair names two known models");
  assert(games > 0 && score >= 0 && score <= games, "a score lies between none and all games");
}

/** Indices come from pairs, which were checked against the order. */
const at = (values: Float64Array, index: number): number => values[index] as number;

/** ln(1 / (1 + e^-x)) without overflow for either sign. */
const logSigmoid = (x: number): number =>
  x < 0 ? x - Math.log1p(Math.exp(x)) : -Math.log1p(Math.exp(-x));

function logLikelihood(strengths: Float64Array, pairs: readonly PairScore[]): number {
  let sum = 0;
  for (const { a, b, games, score } of pairs) {
    const difference = at(strengths, a) - at(strengths, b);
    sum += score * logSigmoid(difference) + (games - score) * logSigmoid(-difference);
  }
  return sum;
}

/** Gradient and negative Hessian of the log-likelihood; the latter is a Laplacian of the pairs. */
function derivatives(strengths: Float64Array, pairs: readonly PairScore[]) {
  const order = strengths.length;
  const gradient = new Float64Array(order);
  const information = new Float64Array(order * order);
  for (const { a, b, games, score } of pairs) {
    const difference = at(strengths, a) - at(strengths, b);
    const expected = 1 / (1 + Math.exp(-difference));
    const residual = score - games * expected;
    gradient[a] = at(gradient, a) + residual;
    gradient[b] = at(gradient, b) - residual;
    // e^-|d| / (1 + e^-|d|)² keeps its digits where p (1 − p) would lose them.
    const small = Math.exp(-Math.abs(difference));
    const weight = (games * small) / (1 + small) ** 2;
    for (const [row, column] of [
      [a, b],
      [b, a],
    ] as const) {
      information[row * order + row] = at(information, row * order + row) + weight;
      information[row * order + column] = at(information, row * order + column) - weight;
    }
  }
  return { gradient, information };
}

/**
 * The Laplacian is singular along the all-ones vector. Adding `shift` to every entry makes it positive
 * definite and changes nothing at right angles to that vector, where gradient and steps live.
 */
function factorShifted(information: Float64Array, order: number) {
  let trace = 0;
  for (let row = 0; row < order; row++) trace += at(information, row * order + row);
  const shift = trace / order / order;
  return {
    shift,
    lower: factorCholesky(
      information.map((value) => value + shift),
      order,
    ),
  };
}

function maximise(order: number, pairs: readonly PairScore[]): Float64Array {
  let strengths = new Float64Array(order);
  let sizeBefore = Number.POSITIVE_INFINITY;
  for (let count = 0; count < STEP_COUNT_MAX; count++) {
    const { gradient, information } = derivatives(strengths, pairs);
    const step = solveCholesky(factorShifted(information, order).lower, gradient);
    const size = step.reduce((largest, value) => Math.max(largest, Math.abs(value)), 0);
    if (size < STEP_MIN || (size < STEP_ROUNDING_MAX && size >= sizeBefore)) {
      return moved(strengths, step, 1);
    }
    strengths = climb(strengths, step, pairs);
    sizeBefore = size;
  }
  assert(false, "Newton's method converges on a connected board");
}

/**
 * The longest halved step that does not lose likelihood. A loss within the likelihood's own rounding
 * is none: near the maximum the step still knows the way when the likelihood no longer does.
 */
function climb(strengths: Float64Array, step: Float64Array, pairs: readonly PairScore[]) {
  const before = logLikelihood(strengths, pairs);
  const floor = before - Math.abs(before) * LIKELIHOOD_ROUNDING;
  for (let halvings = 0, length = 1; halvings < HALVING_COUNT_MAX; halvings++, length /= 2) {
    const candidate = moved(strengths, step, length);
    if (logLikelihood(candidate, pairs) >= floor) return candidate;
  }
  assert(false, "a Newton step on a concave function gains, if it is short enough");
}

const moved = (strengths: Float64Array, step: Float64Array, length: number) =>
  Float64Array.from(strengths, (value, index) => value + length * at(step, index));

function toRatings(strengths: Float64Array): Float64Array {
  const mean = strengths.reduce((sum, value) => sum + value, 0) / strengths.length;
  return strengths.map((value) => CENTRE + POINTS * (value - mean));
}

/** The Moore–Penrose inverse of the information: exactly the covariance of centred strengths. */
function toCovariance(information: Float64Array, order: number): Float64Array {
  const { shift, lower } = factorShifted(information, order);
  // (L + shift 11ᵀ)⁻¹ = L⁺ + 11ᵀ / (shift n²), since L and 11ᵀ share no direction.
  const excess = 1 / (shift * order * order);
  return invertCholesky(lower, order).map((value) => (value - excess) * POINTS * POINTS);
}

/** The same fit with the mean of the models at `indices` as its zero point instead of the mean of all. */
export function centreOn(fit: BradleyTerryFit, indices: readonly number[]): BradleyTerryFit {
  const order = fit.ratings.length;
  assert(indices.length > 0, "there is a model to centre on");
  const mean = (read: (index: number) => number) =>
    indices.reduce((sum, index) => sum + read(index), 0) / indices.length;
  const shift = CENTRE - mean((index) => at(fit.ratings, index));
  // Var(r − m) of ratings r and their mean m over the chosen models, entry by entry.
  const withMean = Float64Array.from({ length: order }, (_, row) =>
    mean((index) => at(fit.covariance, row * order + index)),
  );
  const ofMean = mean((index) => at(withMean, index));
  return {
    ratings: fit.ratings.map((rating) => rating + shift),
    covariance: fit.covariance.map((value, position) => {
      const column = position % order;
      const row = (position - column) / order;
      return value - at(withMean, row) - at(withMean, column) + ofMean;
    }),
  };
}
