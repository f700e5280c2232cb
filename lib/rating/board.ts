import { RATED_VOTES_MIN } from "@/lib/limits";
import { assert } from "@/lib/util/assert";
import { type BradleyTerryFit, centreOn, fitBradleyTerry, NORMAL_975 } from "./bradley-terry";
import { type ComparisonGraph, type PairScore, toComparisonGraph } from "./comparison-graph";
import { type Outcome, toScore } from "./outcome";

/**
 * Votes in, board out. A model gets a rating where one exists: among the largest group in which every
 * model can be reached from every other along wins and ties. Every other model says why it has none.
 * No number on a board is ever NaN or infinite.
 */

/** How often one outcome was voted on one ordered pair of models. */
export type VoteCount = { modelA: string; modelB: string; outcome: Outcome; count: number };

/**
 * - `rated`: has a rating.
 * - `too-few-votes`: fewer than RATED_VOTES_MIN; its votes still count for its opponents.
 * - `unbeaten`: it, or the group around it, never lost or tied against the rated models.
 * - `winless`: the same the other way round.
 * - `unconnected`: no chain of wins and ties leads to or from the rated models.
 */
export type RatingStatus = "rated" | "too-few-votes" | "unbeaten" | "winless" | "unconnected";

export type BoardEntry = {
  model: string;
  votes: number;
  wins: number;
  losses: number;
  ties: number;
} & (
  | { status: "rated"; rating: number; lower: number; upper: number; rank: number }
  | {
      status: Exclude<RatingStatus, "rated">;
      rating: null;
      lower: null;
      upper: null;
      rank: null;
    }
);

type Tally = { model: string; votes: number; wins: number; losses: number; ties: number };
type Interval = { rating: number; lower: number; upper: number };

/**
 * One entry for each model named in `models` or in a vote, best first, those without a rating last.
 *
 * @example toBoard({ models: [], votes: [{ modelA: "x", modelB: "y", outcome: "tie", count: 9 }] })
 */
export function toBoard(input: {
  models: readonly string[];
  votes: readonly VoteCount[];
  /** Votes on these count for their opponents; the board says nothing of them, and ranks are among the others. */
  hidden?: ReadonlySet<string>;
}): BoardEntry[] {
  const { hidden = new Set<string>() } = input;
  const names = [
    ...new Set([...input.models, ...input.votes.flatMap((vote) => [vote.modelA, vote.modelB])]),
  ].sort(compareNames);
  const indexOf = new Map(names.map((name, index) => [name, index]));
  const pairs = toPairs(input.votes, indexOf);
  const tallies = toTallies(names, indexOf, input.votes);
  const graph = toComparisonGraph(names.length, pairs);
  const core = pickCore(graph, tallies);
  const intervals = toIntervals(core, pairs, tallies);
  const shown = [...intervals]
    .filter(([index]) => !hidden.has(tallies[index]?.model ?? ""))
    .map(([, interval]) => interval);

  return tallies
    .map((tally, index): BoardEntry => {
      const interval = intervals.get(index);
      if (interval === undefined) {
        const status = toStatus({ tally, index, core, graph, isCoreRated: intervals.size > 0 });
        return { ...tally, status, rating: null, lower: null, upper: null, rank: null };
      }
      return { ...tally, status: "rated", ...interval, rank: toRank(interval, shown) };
    })
    .filter(({ model }) => !hidden.has(model))
    .sort(compareEntries);
}

function indexIn(indexOf: ReadonlyMap<string, number>, name: string): number {
  const index = indexOf.get(name);
  assert(index !== undefined, "every model of a vote has an index");
  return index;
}

/** One row a pair, whichever side each model took. */
function toPairs(votes: readonly VoteCount[], indexOf: ReadonlyMap<string, number>): PairScore[] {
  const pairs = new Map<string, PairScore>();
  for (const vote of votes) {
    assert(
      Number.isSafeInteger(vote.count) && vote.count > 0,
      "a vote count is a positive integer",
    );
    const [left, right] = [indexIn(indexOf, vote.modelA), indexIn(indexOf, vote.modelB)];
    assert(left !== right, "a vote is on two models");
    const [a, b] = left < right ? [left, right] : [right, left];
    const score = left < right ? toScore(vote.outcome) : 1 - toScore(vote.outcome);
    const pair = pairs.get(`${a} ${b}`) ?? { a, b, games: 0, score: 0 };
    pair.games += vote.count;
    pair.score += score * vote.count;
    pairs.set(`${a} ${b}`, pair);
  }
  return [...pairs.values()];
}

function toTallies(
  names: readonly string[],
  indexOf: ReadonlyMap<string, number>,
  votes: readonly VoteCount[],
): Tally[] {
  const tallies = names.map((model) => ({ model, votes: 0, wins: 0, losses: 0, ties: 0 }));
  for (const { modelA, modelB, outcome, count } of votes) {
    const score = toScore(outcome);
    for (const [model, earned] of [
      [modelA, score],
      [modelB, 1 - score],
    ] as const) {
      const tally = tallies[indexIn(indexOf, model)];
      assert(tally !== undefined, "every index has a tally");
      tally.votes += count;
      if (earned === 1) tally.wins += count;
      else if (earned === 0) tally.losses += count;
      else tally.ties += count;
    }
  }
  return tallies;
}

/** The strongly connected group with the most models, then with the most votes. */
function pickCore(graph: ComparisonGraph, tallies: readonly Tally[]): number[] {
  const votesOf = (group: readonly number[]) =>
    group.reduce((sum, index) => sum + (tallies[index]?.votes ?? 0), 0);
  const [largest] = graph
    .strongComponents()
    .sort(
      (left, right) =>
        right.length - left.length ||
        votesOf(right) - votesOf(left) ||
        (left[0] ?? 0) - (right[0] ?? 0),
    );
  return largest ?? [];
}

/**
 * Ratings of the core's models that have enough votes, centred on just those: a model seen once would
 * otherwise widen everyone's interval by its own doubt. Empty when fewer than two are left, since a
 * rating compares.
 */
function toIntervals(
  core: readonly number[],
  pairs: readonly PairScore[],
  tallies: readonly Tally[],
): Map<number, Interval> {
  const placeOf = new Map(core.map((index, place) => [index, place]));
  const places = core.flatMap((index, place) =>
    (tallies[index]?.votes ?? 0) >= RATED_VOTES_MIN ? [place] : [],
  );
  if (places.length < 2) return new Map();
  const inside = pairs.flatMap((pair) => {
    const [a, b] = [placeOf.get(pair.a), placeOf.get(pair.b)];
    return a === undefined || b === undefined ? [] : [{ ...pair, a, b }];
  });
  const fit = centreOn(fitBradleyTerry(core.length, inside), places);
  return new Map(places.map((place) => [core[place] ?? -1, toInterval(fit, place)]));
}

function toInterval(fit: BradleyTerryFit, place: number): Interval {
  const rating = fit.ratings[place];
  const variance = fit.covariance[place * fit.ratings.length + place];
  assert(rating !== undefined && Number.isFinite(rating), "a rating is a number");
  assert(variance !== undefined && variance > 0, "a rating has a spread");
  const reach = NORMAL_975 * Math.sqrt(variance);
  return { rating, lower: rating - reach, upper: rating + reach };
}

/** One more than the models that are better beyond doubt: their whole interval lies above this one. */
function toRank({ upper }: Interval, all: Iterable<Interval>): number {
  let rank = 1;
  for (const other of all) if (other.lower > upper) rank++;
  return rank;
}

function toStatus(at: {
  tally: Tally;
  index: number;
  core: readonly number[];
  graph: ComparisonGraph;
  isCoreRated: boolean;
}): Exclude<RatingStatus, "rated"> {
  const { tally, index, core, graph } = at;
  if (tally.votes < RATED_VOTES_MIN) return "too-few-votes";
  if (tally.wins === tally.votes) return "unbeaten";
  if (tally.losses === tally.votes) return "winless";
  const anchor = core[0];
  // Without a rated core there is nothing to stand above or below.
  if (!at.isCoreRated || anchor === undefined || core.includes(index)) return "unconnected";
  if (graph.reaching(anchor).has(index)) return "unbeaten";
  if (graph.reachableFrom(anchor).has(index)) return "winless";
  return "unconnected";
}

function compareEntries(left: BoardEntry, right: BoardEntry): number {
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
