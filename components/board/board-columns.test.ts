import { expect, test } from "vitest";
import { type BoardTableRow, pickColumns, spread } from "./board-columns";

const ROW: BoardTableRow = {
  ...{ model: "one", slug: "one", organization: "One", licence: null, hasOpenWeights: null },
  ...{ isRetired: false, isAwake: true, price: null, contextLength: 512, isPreliminary: false },
  ...{ firstTokenMs: 200, tokensPerSecond: null, status: "rated", votes: 9, wins: 4, losses: 4 },
  ...{ ties: 1, rating: 1000, lower: 990, upper: 1010, rank: 1, rankBest: 1, rankWorst: 3 },
};
const ids = (rows: BoardTableRow[], chosen: Parameters<typeof pickColumns>[1]) =>
  pickColumns(rows, chosen).map((it) => it.id);

test("columns that say nothing of any model stay out by themselves", () => {
  expect(ids([ROW], null)).toEqual([
    ...["rank", "spread", "model", "score", "votes", "context", "first-token"],
  ]);
  expect(ids([ROW, { ...ROW, licence: "mit", mine: 2 }], null)).toContain("mine");
});

test("what was chosen is shown, in the table's own order, beside the model", () => {
  expect(ids([ROW], ["tied", "price-in"])).toEqual(["rank", "model", "price-in", "tied"]);
});

test("a spread of one place is that place", () => {
  expect([spread(2, 2), spread(2, 4), spread(null, null)]).toEqual(["2", "2–4", "–"]);
});
