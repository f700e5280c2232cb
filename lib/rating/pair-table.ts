import { assert } from "@/lib/util/assert";
import { countPairs, OUTCOMES, type PairCounts } from "./pair-counts";
import { POINTS } from "./points";
import type { RatedBoard } from "./rated-board";
import type { VoteColumns } from "./vote-columns";

/** Of each pair of rated models, best first: row against column. */
export type PairTable = {
  models: string[];
  /** Votes on the pair. */
  votes: number[][];
  /** Of these, ties and votes that both were bad. */
  ties: number[][];
  /** Share of decided votes that the row won; null where there was none. */
  wins: (number | null)[][];
  /** Probability that the row wins, by the ratings. */
  expected: number[][];
  /** By model, the mean of `wins` over its opponents; null where it has none. */
  averageWins: (number | null)[];
};

/** @param board of these votes. */
export function toPairTable(votes: VoteColumns, board: RatedBoard): PairTable {
  const counts = countPairs(votes);
  const placeOf = new Map(
    Array.from(counts.models, (model, place) => [votes.models[model] ?? "", place]),
  );
  const rated = board.entries.flatMap((entry) => {
    if (entry.status !== "rated") return [];
    const place = placeOf.get(entry.model);
    assert(place !== undefined, "the board is of these votes");
    return [{ model: entry.model, rating: entry.rating, place }];
  });
  const cells = rated.map((row) =>
    rated.map((column) => ({
      ...countsOf(counts, row.place, column.place),
      expected: 1 / (1 + Math.exp((column.rating - row.rating) / POINTS)),
    })),
  );
  const wins = cells.map((row) =>
    row.map(({ won, lost }) => (won + lost === 0 ? null : won / (won + lost))),
  );
  return {
    models: rated.map(({ model }) => model),
    votes: cells.map((row) => row.map(({ won, tied, lost }) => won + tied + lost)),
    ties: cells.map((row) => row.map(({ tied }) => tied)),
    wins,
    expected: cells.map((row) => row.map(({ expected }) => expected)),
    averageWins: wins.map(meanOf),
  };
}

/** Of the first against the second, whichever side each stood on. */
function countsOf({ models, cells }: PairCounts, one: number, other: number) {
  const here = (one * models.length + other) * OUTCOMES;
  const there = (other * models.length + one) * OUTCOMES;
  const [lost = 0, tied = 0, won = 0] = cells.subarray(here, here + OUTCOMES);
  const [wonThere = 0, tiedThere = 0, lostThere = 0] = cells.subarray(there, there + OUTCOMES);
  // A model never met itself: both halves are the same empty cell.
  return { won: won + wonThere, tied: tied + tiedThere, lost: lost + lostThere };
}

function meanOf(shares: readonly (number | null)[]): number | null {
  const known = shares.filter((share) => share !== null);
  return known.length === 0 ? null : known.reduce((sum, it) => sum + it, 0) / known.length;
}
