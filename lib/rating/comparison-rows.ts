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
  /** Weight of all votes of the row together. */
  mass: Float64Array;
  /** What the first model earned of it. */
  won: Float64Array;
  /** Votes of the row; absent: one in each. */
  votes?: Float64Array | undefined;
  /** Row-major, `featureCount` a row. */
  features: Float64Array;
};

/** Which models take part, and in which place; -1: does not. */
export type Seats = { order: number; seatOf: Int32Array };

/**
 * One row for each pair and outcome that was voted, the outcomes of a pair side by side.
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
  const size = merged.reduce((sum, count) => sum + (count > 0 ? 1 : 0), 0);
  const [first, second] = [new Uint16Array(size), new Uint16Array(size)];
  const [mass, won, votes] = [
    ...[new Float64Array(size), new Float64Array(size), new Float64Array(size)],
  ] as const;
  let count = 0;
  for (let pair = 0; pair < order * order; pair++) {
    const seatA = seats.seatOf[Math.floor(pair / order)] as number;
    const seatB = seats.seatOf[pair % order] as number;
    if (seatA < 0 || seatB < 0) continue;
    for (let outcome = 0; outcome < OUTCOMES; outcome++) {
      const own = merged[pair * OUTCOMES + outcome] as number;
      if (own === 0) continue;
      first[count] = seatA;
      second[count] = seatB;
      votes[count] = own;
      mass[count] = own * (weights[pair] as number);
      won[count] = ((mass[count] as number) * outcome) / 2;
      count += 1;
    }
  }
  const featureCount = isPositionKept ? 1 : 0;
  return {
    ...{ count, order: seats.order, featureCount },
    ...{ first: first.subarray(0, count), second: second.subarray(0, count) },
    ...{ mass: mass.subarray(0, count), won: won.subarray(0, count) },
    votes: votes.subarray(0, count),
    features: new Float64Array(count * featureCount).fill(1),
  };
}

type PairRowOptions = { seats: Seats; weights: Float64Array; isPositionKept: boolean };

/**
 * The same with one row a pair, which is all that a fit needs: a third of the exponentials. Intervals need the
 * outcomes apart.
 */
export function mergeOutcomes(rows: ComparisonRows): ComparisonRows {
  const { first, second, mass, won } = rows;
  if (rows.votes === undefined) return rows;
  const merged = {
    ...{ first: new Uint16Array(rows.count), second: new Uint16Array(rows.count) },
    ...{ mass: new Float64Array(rows.count), won: new Float64Array(rows.count) },
  };
  let last = -1;
  for (let row = 0; row < rows.count; row++) {
    const a = first[row] as number;
    const b = second[row] as number;
    if (last < 0 || merged.first[last] !== a || merged.second[last] !== b) last += 1;
    merged.first[last] = a;
    merged.second[last] = b;
    merged.mass[last] = (merged.mass[last] as number) + (mass[row] as number);
    merged.won[last] = (merged.won[last] as number) + (won[row] as number);
  }
  // The one feature of such rows is 1 in each.
  return { ...rows, ...merged, count: last + 1, votes: undefined };
}

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

const SCORE_OF_OUTCOME = Float64Array.from(OUTCOME_CODES, toScore);

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
  const mass = new Float64Array(votes.count);
  const won = new Float64Array(votes.count);
  let count = 0;
  for (let vote = 0; vote < votes.count; vote++) {
    // Every model of a vote has a place, every place a seat or -1.
    const a = counts.placeOf[votes.modelA[vote] as number] as number;
    const b = counts.placeOf[votes.modelB[vote] as number] as number;
    const seatA = seats.seatOf[a] as number;
    const seatB = seats.seatOf[b] as number;
    if (seatA < 0 || seatB < 0) continue;
    first[count] = seatA;
    second[count] = seatB;
    const weight = weights[a * order + b] as number;
    mass[count] = weight;
    won[count] = weight * (SCORE_OF_OUTCOME[votes.outcome[vote] as number] as number);
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
    mass: mass.subarray(0, count),
    won: won.subarray(0, count),
    features: at.features.subarray(0, count * featureCount),
  };
}
