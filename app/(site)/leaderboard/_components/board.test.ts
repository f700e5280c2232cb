import { expect, test } from "vitest";
import type { LeaderboardEntry } from "@/lib/protocol/arena-view";
import { toPercent, toRatingScale } from "./rating-scale";
import { filterEntries, nextSorting, sortEntries } from "./sort-entries";

function entry(model: string, rest: Partial<LeaderboardEntry> = {}): LeaderboardEntry {
  return {
    ...{ model, licence: null, status: "too-few-votes", rating: null, lower: null, upper: null },
    ...{ rank: null, votes: 0, wins: 0, losses: 0, ties: 0 },
    ...rest,
  } satisfies LeaderboardEntry;
}

const BOARD = [
  entry("new-b"),
  entry("second", { status: "rated", rank: 2, rating: 1000, lower: 970, upper: 1031, votes: 5 }),
  entry("new-a", { votes: 9 }),
  entry("first", { status: "rated", rank: 1, rating: 1103, lower: 1071, upper: 1139, votes: 7 }),
];
const names = (entries: LeaderboardEntry[]) => entries.map((it) => it.model);

test("models without a number come last in both directions", () => {
  const order = (isDescending: boolean) =>
    names(sortEntries(BOARD, { key: "rating", isDescending }));
  expect(order(true)).toEqual(["first", "second", "new-a", "new-b"]);
  expect(order(false)).toEqual(["second", "first", "new-a", "new-b"]);
  expect(names(sortEntries(BOARD, { key: "votes", isDescending: true }))[0]).toBe("new-a");
});

test("a second click turns the order round, another column begins usefully", () => {
  const byRank = { key: "rank", isDescending: false } as const;
  expect(nextSorting(byRank, "rank")).toEqual({ key: "rank", isDescending: true });
  expect(nextSorting(byRank, "votes")).toEqual({ key: "votes", isDescending: true });
  expect(nextSorting(byRank, "model")).toEqual({ key: "model", isDescending: false });
});

test("every word of a search has to be in the name", () => {
  expect(names(filterEntries(BOARD, "NEW b"))).toEqual(["new-b"]);
  expect(filterEntries(BOARD, "  ")).toHaveLength(4);
});

test("the scale holds every interval and has few ticks", () => {
  const scale = toRatingScale(BOARD);
  expect(scale).toBeDefined();
  if (!scale) return;
  expect(scale.lower).toBeLessThan(970);
  expect(scale.upper).toBeGreaterThan(1139);
  expect(scale.ticks.length).toBeLessThanOrEqual(6);
  expect(toPercent(scale.lower, scale)).toBe(0);
  expect(toPercent(scale.upper, scale)).toBe(100);
  expect(toRatingScale([entry("none")])).toBeUndefined();
});

test("one model without a spread still has a scale", () => {
  const one = [entry("one", { rating: 1000, lower: 1000, upper: 1000 })];
  const scale = toRatingScale(one);
  expect(scale && toPercent(1000, scale)).toBeGreaterThan(0);
  expect(scale && toPercent(1000, scale)).toBeLessThan(100);
});
