type Interval = { lower: number; upper: number };
export type Ranks = { rank: number; rankBest: number; rankWorst: number };

/**
 * Points by which intervals have to be apart: equal models, whose intervals may have no width, differ by the rounding
 * of sums.
 */
const APART = 1e-6;

/** @returns in the order of the intervals. */
export function toRanks(intervals: readonly Interval[]): Ranks[] {
  const lowers = Float64Array.from(intervals, ({ lower }) => lower).sort();
  const uppers = Float64Array.from(intervals, ({ upper }) => upper).sort();
  return intervals.map(({ lower, upper }) => {
    const better = intervals.length - countUpTo(lowers, upper + APART);
    const worse = countUpTo(uppers, lower - APART);
    return { rank: better + 1, rankBest: better + 1, rankWorst: intervals.length - worse };
  });
}

/** How many of the sorted values are at most `limit`. */
function countUpTo(sorted: Float64Array, limit: number): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((sorted[middle] ?? Number.POSITIVE_INFINITY) <= limit) low = middle + 1;
    else high = middle;
  }
  return low;
}
