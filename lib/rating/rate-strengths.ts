import { bootstrapStrengths } from "./bootstrap";
import {
  type ComparisonRows,
  mergeOutcomes,
  type Seats,
  toPairRows,
  toVoteRows,
} from "./comparison-rows";
import { type Fit, fitStrengths, type Penalty } from "./fit-strengths";
import { type PairCounts, toPairVotes } from "./pair-counts";
import type { RatedGroup, Requirement } from "./pick-rated";
import { NORMAL_975, POINTS } from "./points";
import { quantileOf } from "./quantile";
import type { RatedCoefficient } from "./rated-board";
import type { RatingOptions } from "./rating-options";
import { sumFilling, toStandardErrors } from "./sandwich";
import { toFeatures } from "./style-features";
import { STYLE_FEATURES, type VoteColumns } from "./vote-columns";

/** Bradley–Terry by the two presets: what each one's objective is made of, and what comes of it. */

export type Estimate = { value: number; lower: number; upper: number };
/** In the order of the group's `rated`, in points from where the caller puts zero. */
export type RatedStrengths = { ratings: Estimate[]; coefficients: RatedCoefficient[] };

/** arena-rank: a pair of fewer votes weighs as much as if it had so many. */
const PAIR_VOTES_MIN = 50;
/** FastChat: of half the sum of squares; strengths in base-10 units, coefficients in natural ones. */
const FASTCHAT_PENALTY = 0.5;
/** arena-rank: of half the sum of squares of coefficients, beside the mean loss of a vote. */
const ARENA_RANK_RIDGE = 1;
/** arena-rank: added to the diagonal of its sandwich's information, beside the sum or the mean of the loss. */
const ARENA_RANK_SANDWICH_RIDGE = 1e-5;
/**
 * Of standing first, beside the sum of the loss at a mean weight of 1: half a vote's worth, so that the coefficient is
 * finite where whoever stood first always won, and is what it is elsewhere.
 */
const POSITION_PENALTY = 0.5;

type Problem = {
  rows: ComparisonRows;
  penalty: Penalty;
  /** What stands for the penalty in the information for the ratings' intervals. */
  bread: Penalty;
  /** By ordered pair of seats. */
  pairVotes: Float64Array;
  start: Float64Array;
};

/** Whether the penalty alone keeps every strength finite. */
const penalisesStrengths = ({ preset, styleControl }: RatingOptions): boolean =>
  preset === "fastchat" && styleControl;

export const requirementOf = (options: RatingOptions): Requirement =>
  penalisesStrengths(options) ? "joined" : "strong";

/**
 * @param votes those that `counts` are of, with their style where it is held apart.
 * @param anchor place of the model that stands still; absent: the mean of the rated ones does.
 */
export function rateStrengths(
  votes: VoteColumns,
  at: { counts: PairCounts; group: RatedGroup; anchor: number | undefined; options: RatingOptions },
): RatedStrengths {
  const { counts, group, options } = at;
  const { problem, seats, fit } = fitPreset(votes, at);
  const { rows } = problem;
  const seatOf = (place: number) => seats.seatOf[place] ?? -1;
  const still = at.anchor === undefined ? group.rated.map(seatOf) : [seatOf(at.anchor)];
  const contrasts = [
    ...group.rated.map((place) => toContrast(rows, seatOf(place), still)),
    ...Array.from({ length: rows.featureCount }, (_, k) => toContrast(rows, rows.order + k, [])),
  ];
  const estimates =
    options.bootstrap > 0
      ? byBootstrap(problem, { fit, contrasts, options, drawnFrom: counts.votes })
      : bySandwich(problem, { fit, contrasts, options });
  const names = [
    ...(options.styleControl ? STYLE_FEATURES : []),
    ...(options.position ? (["position"] as const) : []),
  ];
  return {
    ratings: estimates.slice(0, group.rated.length).map(toPoints),
    coefficients: names.flatMap((name, k) => {
      const found = estimates[group.rated.length + k];
      return found === undefined ? [] : [{ name, ...found }];
    }),
  };
}

/** The point estimates alone: what the preset's objective is made of, and where it is least. */
export function fitPreset(
  votes: VoteColumns,
  { counts, group, options }: { counts: PairCounts; group: RatedGroup; options: RatingOptions },
): { problem: Problem; seats: Seats; fit: Fit } {
  const { penalisesAll, seats } = toSeats(counts, group, options);
  const problem = toProblem(votes, { counts, seats, options, penalisesAll });
  const { rows, penalty, start } = problem;
  return { problem, seats, fit: fitStrengths(mergeOutcomes(rows), { penalty, start }) };
}

/** Under a penalty on strengths all models take part, otherwise those of the group. */
function toSeats(counts: PairCounts, group: RatedGroup, options: RatingOptions) {
  const penalisesAll = penalisesStrengths(options);
  const places = penalisesAll ? [...counts.models.keys()] : group.core;
  const seatOf = new Int32Array(counts.models.length).fill(-1);
  for (const [seat, place] of places.entries()) seatOf[place] = seat;
  return { penalisesAll, seats: { order: places.length, seatOf } };
}

type ProblemParts = {
  counts: PairCounts;
  seats: Seats;
  options: RatingOptions;
  penalisesAll: boolean;
};

function toProblem(votes: VoteColumns, parts: ProblemParts): Problem {
  const { counts, seats, options } = parts;
  const pairVotes = toPairVotes(counts);
  const weights = pairVotes.map((count) =>
    options.preset === "fastchat" ? 1 : 1 / Math.max(count, PAIR_VOTES_MIN),
  );
  // Each pair stands in both orders.
  const weightSum = weights.reduce(
    (sum, weight, pair) => sum + (weight * (pairVotes[pair] ?? 0)) / 2,
    0,
  );
  const { penalty, bread } = toPenalties(parts, { weightSum, votes: counts.votes });
  const pairRows = toPairRows(counts, { seats, weights, isPositionKept: options.position });
  const seatVotes = toSeatVotes(pairVotes, counts.models.length, seats);
  const plain = { penalty: { ...penalty, coefficients: penalty.coefficients.slice(4) } };
  const { style } = votes;
  if (!options.styleControl || style === undefined) {
    const start = new Float64Array(seats.order + pairRows.featureCount);
    return { rows: pairRows, penalty, bread, pairVotes: seatVotes, start };
  }
  const extra = options.position ? 1 : 0;
  const features = toFeatures({ ...votes, style }, options.preset, extra);
  const featureCount = STYLE_FEATURES.length + extra;
  const rows = toVoteRows(votes, { counts, seats, weights, features, featureCount });
  // Strengths without style are near, and cost no pass over the votes.
  const near = fitStrengths(mergeOutcomes(pairRows), plain).parameters;
  const start = new Float64Array(seats.order + featureCount);
  start.set(near.subarray(0, seats.order));
  start.set(near.subarray(seats.order), seats.order + STYLE_FEATURES.length);
  return { rows, penalty, bread, pairVotes: seatVotes, start };
}

/**
 * Beside the sum of the weighted losses. arena-rank's information for intervals leaves the ridge out and adds a small
 * one everywhere; its coefficients have no intervals there, and get those of the objective here.
 */
function toPenalties(
  { options, penalisesAll }: ProblemParts,
  { weightSum, votes }: { weightSum: number; votes: number },
): { penalty: Penalty; bread: Penalty } {
  const { styleControl, position, preset } = options;
  const ofPosition = position ? [(POSITION_PENALTY * weightSum) / votes] : [];
  const four = (value: number) => (styleControl ? STYLE_FEATURES.map(() => value) : []);
  if (preset === "fastchat") {
    const penalty = {
      strength: penalisesAll ? FASTCHAT_PENALTY / Math.LN10 ** 2 : 0,
      coefficients: [...four(FASTCHAT_PENALTY), ...ofPosition],
    };
    return { penalty, bread: penalty };
  }
  const small = ARENA_RANK_SANDWICH_RIDGE * (styleControl ? weightSum : 1);
  return {
    penalty: { strength: 0, coefficients: [...four(ARENA_RANK_RIDGE * weightSum), ...ofPosition] },
    bread: { strength: small, coefficients: [...four(small), ...ofPosition] },
  };
}

function toSeatVotes(pairVotes: Float64Array, order: number, seats: Seats): Float64Array {
  const votes = new Float64Array(seats.order * seats.order);
  for (let one = 0; one < order; one++) {
    for (let other = 0; other < order; other++) {
      const [a = -1, b = -1] = [seats.seatOf[one], seats.seatOf[other]];
      if (a >= 0 && b >= 0) votes[a * seats.order + b] = pairVotes[one * order + other] ?? 0;
    }
  }
  return votes;
}

/** One parameter, less the mean of those that stand still. */
function toContrast(rows: ComparisonRows, index: number, still: readonly number[]): Float64Array {
  const contrast = new Float64Array(rows.order + rows.featureCount);
  contrast[index] = 1;
  for (const seat of still) contrast[seat] = (contrast[seat] ?? 0) - 1 / still.length;
  return contrast;
}

const apply = (contrast: Float64Array, parameters: Float64Array): number =>
  contrast.reduce((sum, value, index) => sum + value * (parameters[index] ?? 0), 0);

type Fitted = { fit: Fit; contrasts: readonly Float64Array[] };

function bySandwich(
  problem: Problem,
  { fit, contrasts, options }: Fitted & { options: RatingOptions },
): Estimate[] {
  const { parameters, sums } = fit;
  const { rows, penalty, bread } = problem;
  const isPlain = options.intervals === "sandwich";
  const filling = sumFilling(rows, parameters, isPlain ? undefined : problem.pairVotes);
  const isCoefficient = (contrast: Float64Array) =>
    contrast.subarray(rows.order).some((value) => value !== 0);
  const errorsOf = (wanted: readonly Float64Array[], stand: Penalty) =>
    wanted.length === 0
      ? []
      : toStandardErrors(rows, { sums, filling, bread: stand, contrasts: wanted });
  const errors = [
    ...errorsOf(
      contrasts.filter((it) => !isCoefficient(it)),
      bread,
    ),
    ...errorsOf(contrasts.filter(isCoefficient), penalty),
  ];
  return contrasts.map((contrast, index) => {
    const value = apply(contrast, parameters);
    const reach = NORMAL_975 * (errors[index] ?? 0);
    return { value, lower: value - reach, upper: value + reach };
  });
}

function byBootstrap(
  { rows, penalty }: Problem,
  at: Fitted & { options: RatingOptions; drawnFrom: number },
): Estimate[] {
  const { fit, contrasts, options, drawnFrom } = at;
  const { bootstrap: rounds, seed } = options;
  const samples = bootstrapStrengths(rows, { penalty, fit, rounds, seed, drawnFrom });
  return contrasts.map((contrast) =>
    toQuantiles(
      apply(contrast, fit.parameters),
      samples.map((sample) => apply(contrast, sample)),
    ),
  );
}

/** The middle 95 % of the samples; an estimate beyond them belongs to its interval all the same. */
export function toQuantiles(value: number, samples: readonly number[]): Estimate {
  const sorted = Float64Array.from(samples).sort();
  return {
    value,
    lower: Math.min(value, quantileOf(sorted, 0.025)),
    upper: Math.max(value, quantileOf(sorted, 0.975)),
  };
}

const toPoints = ({ value, lower, upper }: Estimate): Estimate => ({
  value: value * POINTS,
  lower: lower * POINTS,
  upper: upper * POINTS,
});
