import { expect, test } from "vitest";
import { toRanks } from "./ranks";

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
