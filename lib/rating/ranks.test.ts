import { expect, test } from "vitest";
import { toRanks, withoutModels } from "./ranks";
import { rate } from "./rate";
import { RATING_DEFAULTS } from "./rating-options";
import { toColumns } from "./testing";

test("ranks are by whole intervals, and spread as far as they allow", () => {
  expect(
    toRanks([
      { lower: 90, upper: 100 },
      { lower: 80, upper: 92 },
      { lower: 60, upper: 85 },
      { lower: 10, upper: 20 },
    ]),
  ).toEqual([
    { rank: 1, rankBest: 1, rankWorst: 2 },
    { rank: 1, rankBest: 1, rankWorst: 3 },
    { rank: 2, rankBest: 2, rankWorst: 3 },
    { rank: 4, rankBest: 4, rankWorst: 4 },
  ]);
  expect(toRanks([])).toEqual([]);
});

test("intervals without width that differ by rounding are of equals", () => {
  const point = (value: number) => ({ lower: value, upper: value });
  expect(toRanks([point(1000), point(1000 + 1e-9), point(999)]).map((it) => it.rank)).toEqual([
    1, 1, 3,
  ]);
});

test("a hidden model's votes count, and nobody ranks below it", () => {
  const votes = toColumns([
    ...([
      ["best", "x", "a", 900],
      ["best", "x", "b", 100],
    ] as const),
    ...([
      ["x", "y", "a", 900],
      ["x", "y", "b", 100],
    ] as const),
  ]);
  const board = rate(votes, RATING_DEFAULTS);
  expect(board.entries.map(({ model, rank }) => [model, rank])).toEqual([
    ["best", 1],
    ["x", 2],
    ["y", 3],
  ]);
  const shown = withoutModels(board, new Set(["best"]));
  expect(shown.entries.map(({ model, rank, rankWorst }) => [model, rank, rankWorst])).toEqual([
    ...[
      ["x", 1, 1],
      ["y", 2, 2],
    ],
  ]);
  expect(shown.entries[0]).toMatchObject({ rating: board.entries[1]!.rating, votes: 2000 });
});
