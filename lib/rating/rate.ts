import { AppError } from "@/lib/errors";
import { assert } from "@/lib/util/assert";
import { bootstrapElo, packVotes, toElo } from "./elo";
import { countPairs, type PairCounts, type Tally, toTallies } from "./pair-counts";
import { pickRated, type RatedGroup } from "./pick-rated";
import { CENTRE } from "./points";
import { toRanks } from "./ranks";
import { type Estimate, rateStrengths, requirementOf, toQuantiles } from "./rate-strengths";
import type { RatedBoard, RatedCoefficient, RatedEntry } from "./rated-board";
import type { RatingOptions } from "./rating-options";
import { withStyle } from "./style-features";
import type { VoteColumns } from "./vote-columns";

/** Resamples for the intervals of Elo where none were asked for: it has no others. */
export const ELO_BOOTSTRAP = 100;

/**
 * Votes in, board out: one entry for each of the columns' models, best first, those without a rating last. The same
 * votes in the same order under the same options give the same numbers.
 *
 * @throws AppError when options contradict each other, the anchor has no rating, or the models are too many.
 * @example rate(votes, { ...RATING_DEFAULTS, votesMin: 3 })
 */
export function rate(votes: VoteColumns, options: RatingOptions): RatedBoard {
  checkOptions(options);
  const { votes: counted, leftOut } = options.styleControl
    ? withStyle(votes)
    : { votes, leftOut: 0 };
  const counts = countPairs(counted);
  const tallies = toTallies(counts);
  const group = pickRated(counts, tallies, {
    requirement: options.system === "elo" ? "joined" : requirementOf(options),
    votesMin: options.votesMin,
  });
  const anchor = findAnchor(votes, counts.placeOf, { group, options });
  const from = options.anchor?.rating ?? CENTRE;
  const { ratings, coefficients } =
    group.rated.length === 0
      ? { ratings: [], coefficients: [] }
      : options.system === "elo"
        ? rateElo(counted, { counts, group, anchor, options })
        : rateStrengths(counted, { counts, group, anchor, options });
  const shift = options.system === "elo" && anchor === undefined ? 0 : from;
  const estimates = ratings.map((it) => moved(it, shift));
  const entries = toEntries(votes, { placeOf: counts.placeOf, tallies, group, estimates });
  return { entries, coefficients, leftOut };
}

function checkOptions({ system, styleControl, position, bootstrap, anchor }: RatingOptions): void {
  if (system === "elo" && (styleControl || position)) {
    throw new AppError("invalid-request", {
      message: `Elo has no ${styleControl ? "style control" : "position regressor"}; use the system "bt" for it.`,
    });
  }
  if (anchor !== undefined && !Number.isFinite(anchor.rating)) {
    throw new AppError("invalid-request", {
      message: `The anchor "${anchor.model}" needs a number of points.`,
    });
  }
  assert(Number.isSafeInteger(bootstrap) && bootstrap >= 0, "resamples are counted");
}

/** The place of the model that is fixed. Where nobody has a rating there is nothing to fix. */
function findAnchor(
  votes: VoteColumns,
  placeOf: Int32Array,
  { group, options: { anchor } }: { group: RatedGroup; options: RatingOptions },
): number | undefined {
  if (anchor === undefined || group.rated.length === 0) return undefined;
  const place = placeOf[votes.models.indexOf(anchor.model)] ?? -1;
  if (group.rated.includes(place)) return place;
  const why =
    place === -1 ? "no vote is on it" : `its votes give it no rating (${group.statusOf(place)})`;
  throw new AppError("invalid-request", {
    message: `The anchor "${anchor.model}" cannot be fixed: ${why}. Choose a rated model, or leave the anchor out.`,
  });
}

/** Points; less the anchor's where there is one. */
function rateElo(
  votes: VoteColumns,
  at: {
    counts: PairCounts;
    group: RatedGroup;
    anchor: number | undefined;
    options: RatingOptions;
  },
): { ratings: Estimate[]; coefficients: RatedCoefficient[] } {
  const { counts, group, anchor, options } = at;
  const read = (ratings: Float64Array, place: number) => ratings[place] ?? CENTRE;
  const of = (ratings: Float64Array, place: number) =>
    read(ratings, place) - (anchor === undefined ? 0 : read(ratings, anchor));
  const packed = packVotes(votes, counts);
  const final = toElo(packed);
  const samples = bootstrapElo(packed, {
    rounds: options.bootstrap || ELO_BOOTSTRAP,
    seed: options.seed,
  });
  const ratings = group.rated.map((place) =>
    toQuantiles(
      of(final, place),
      samples.map((sample) => of(sample, place)),
    ),
  );
  return { ratings, coefficients: [] };
}

const moved = ({ value, lower, upper }: Estimate, by: number): Estimate => ({
  value: value + by,
  lower: lower + by,
  upper: upper + by,
});

const NO_VOTES: Tally = { votes: 0, wins: 0, losses: 0, ties: 0 };
const NO_FIGURES = {
  ...{ rating: null, lower: null, upper: null },
  ...{ rank: null, rankBest: null, rankWorst: null },
};

function toEntries(
  votes: VoteColumns,
  at: {
    placeOf: Int32Array;
    tallies: readonly Tally[];
    group: RatedGroup;
    estimates: readonly Estimate[];
  },
): RatedEntry[] {
  const { placeOf, tallies, group, estimates } = at;
  const ranks = toRanks(estimates);
  const orderOf = new Map(group.rated.map((place, order) => [place, order]));
  const entries = votes.models.map((model, index): RatedEntry => {
    const place = placeOf[index] ?? -1;
    const tally = { model, ...(tallies[place] ?? NO_VOTES) };
    const status = place === -1 ? "too-few-votes" : group.statusOf(place);
    if (status !== "rated") return { ...tally, status, ...NO_FIGURES };
    const order = orderOf.get(place) ?? -1;
    const [estimate, own] = [estimates[order], ranks[order]];
    assert(estimate !== undefined && own !== undefined, "every rated model has its numbers");
    const { value: rating, lower, upper } = estimate;
    assert(Number.isFinite(rating + lower + upper), "a rating and its interval are numbers");
    return { ...tally, status, rating, lower, upper, ...own };
  });
  return entries.sort(compareEntries);
}

function compareEntries(left: RatedEntry, right: RatedEntry): number {
  if (left.status === "rated" && right.status === "rated") {
    return right.rating - left.rating || compareNames(left.model, right.model);
  }
  if (left.status === "rated") return -1;
  if (right.status === "rated") return 1;
  return right.votes - left.votes || compareNames(left.model, right.model);
}

/** By code unit: the same on every machine, whatever its locale. */
const compareNames = (left: string, right: string): number =>
  left === right ? 0 : left < right ? -1 : 1;
