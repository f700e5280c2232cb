import { toScore } from "./outcome";
import { OUTCOMES, type PairCounts } from "./pair-counts";
import { OUTCOME_CODES, type VoteColumns } from "./vote-columns";

/**
 * What strengths are fitted to: rows that each stand for one vote or for many alike ones. The log-odds of a
 * row's first model are its strength less the second's, plus the row's features times their coefficients.
 */
export type ComparisonRows = {
  count: number;
  /** Models, by place. */
  order: number;
  /** Features of a row. */
  featureCount: number;
  first: Uint16Array;
  second: Uint16Array;
  /** Twice what the first model earned: 0, 1 or 2. */
  halves: Uint8Array;
  /** Weight of all votes of the row together. */
  mass: Float64Array;
  /** Votes of the row; absent: one in each. */
  votes?: Float64Array | undefined;
  /** Row-major, `featureCount` a row. */
  features: Float64Array;
};

/** Which models take part, and in which place; -1: does not. */
export type Seats = { order: number; seatOf: Int32Array };

/**
 * One row for each pair and outcome that was voted.
 *
 * @param weights of one vote by pair of places, row-major.
 * @param isPositionKept whether who stood first matters: a feature of 1 then, and rows for both orders.
 */
export function toPairRows(
  { models, cells }: PairCounts,
  { seats, weights, isPositionKept }: PairRowOptions,
): ComparisonRows {
  const order = models.length;
  const merged = isPositionKept ? cells : mergeSides(cells, order);
  const kept: number[] = [];
  for (let cell = 0; cell < merged.length; cell++) {
    if (merged[cell] === 0) continue;
    const pair = Math.floor(cell / OUTCOMES);
    const [first, second] = [Math.floor(pair / order), pair % order];
    if ((seats.seatOf[first] ?? -1) >= 0 && (seats.seatOf[second] ?? -1) >= 0) kept.push(cell);
  }
  const seat = (place: number) => seats.seatOf[place] ?? -1;
  const pairOf = (cell: number) => Math.floor(cell / OUTCOMES);
  const votes = Float64Array.from(kept, (cell) => merged[cell] ?? 0);
  return {
    count: kept.length,
    order: seats.order,
    featureCount: isPositionKept ? 1 : 0,
    first: Uint16Array.from(kept, (cell) => seat(Math.floor(pairOf(cell) / order))),
    second: Uint16Array.from(kept, (cell) => seat(pairOf(cell) % order)),
    halves: Uint8Array.from(kept, (cell) => cell % OUTCOMES),
    mass: Float64Array.from(kept, (cell, row) => (votes[row] ?? 0) * (weights[pairOf(cell)] ?? 0)),
    votes,
    features: new Float64Array(isPositionKept ? kept.length : 0).fill(1),
  };
}

type PairRowOptions = { seats: Seats; weights: Float64Array; isPositionKept: boolean };

/** All counts of a pair under its lower place. */
function mergeSides(cells: Float64Array, order: number): Float64Array {
  const merged = cells.slice();
  for (let low = 0; low < order; low++) {
    for (let high = low + 1; high < order; high++) {
      const here = (low * order + high) * OUTCOMES;
      const there = (high * order + low) * OUTCOMES;
      for (let outcome = 0; outcome < OUTCOMES; outcome++) {
        const mirrored = there + OUTCOMES - 1 - outcome;
        merged[here + outcome] = (merged[here + outcome] ?? 0) + (merged[mirrored] ?? 0);
        merged[mirrored] = 0;
      }
    }
  }
  return merged;
}

const HALVES_OF_OUTCOME = Uint8Array.from(OUTCOME_CODES, (outcome) => 2 * toScore(outcome));

/**
 * One row a vote, in the votes' order, without those on a model that has no seat.
 *
 * @param features of all votes, row-major.
 */
export function toVoteRows(
  votes: VoteColumns,
  at: {
    counts: PairCounts;
    seats: Seats;
    weights: Float64Array;
    features: Float64Array;
    featureCount: number;
  },
): ComparisonRows {
  const { counts, seats, weights, featureCount } = at;
  const order = counts.models.length;
  const first = new Uint16Array(votes.count);
  const second = new Uint16Array(votes.count);
  const halves = new Uint8Array(votes.count);
  const mass = new Float64Array(votes.count);
  let count = 0;
  for (let vote = 0; vote < votes.count; vote++) {
    // Every model of a vote has a place, every place a seat or -1.
    const a = counts.placeOf[votes.modelA[vote] as number] as number;
    const b = counts.placeOf[votes.modelB[vote] as number] as number;
    const [seatA, seatB] = [seats.seatOf[a] as number, seats.seatOf[b] as number];
    if (seatA < 0 || seatB < 0) continue;
    first[count] = seatA;
    second[count] = seatB;
    halves[count] = HALVES_OF_OUTCOME[votes.outcome[vote] as number] as number;
    mass[count] = weights[a * order + b] as number;
    if (count !== vote) {
      const from = vote * featureCount;
      at.features.copyWithin(count * featureCount, from, from + featureCount);
    }
    count += 1;
  }
  return {
    ...{ count, order: seats.order, featureCount },
    first: first.subarray(0, count),
    second: second.subarray(0, count),
    halves: halves.subarray(0, count),
    mass: mass.subarray(0, count),
    features: at.features.subarray(0, count * featureCount),
  };
}
