import { expect, test } from "vitest";
import {
  type BoardAddress,
  boardHref,
  EVERYTHING,
  filterRows,
  readBoardAddress,
} from "./board-address";

function read(href: string) {
  const url = new URL(href, "http://parley.test");
  return readBoardAddress(url.pathname.split("/")[2], url.searchParams);
}

const WHOLE: BoardAddress = {
  key: { category: "coding", language: "de", style: true, period: "2026-01-01..2026-03-31" },
  ...{ search: "pico & co", organization: "A/B, C", onlyOpen: true, withRetired: true },
  sorting: { column: "votes", isDescending: true },
  columns: ["rank", "model", "score", "price-in"],
};

test("an address says everything that is shown, and is read back as it was", () => {
  const href = boardHref(WHOLE);
  expect(href).toBe(
    "/leaderboard/coding?language=de&style=true&period=2026-01-01..2026-03-31&open=true&retired=true" +
      "&organization=A%2FB,+C&search=pico+%26+co&sort=-votes&columns=rank,model,score,price-in",
  );
  expect(read(href)).toEqual({ address: WHOLE, faults: [] });
});

test("what is so by itself is left out", () => {
  expect(boardHref(EVERYTHING)).toBe("/leaderboard");
  expect(read("/leaderboard")).toEqual({ address: EVERYTHING, faults: [] });
  expect(boardHref({ key: { ...EVERYTHING.key, period: "30d" } })).toBe("/leaderboard?period=30d");
});

test.each([
  ["/leaderboard?language=german", "“german” in the address is no language."],
  ["/leaderboard?style=yes", "“yes” in the address is no style."],
  [
    "/leaderboard?period=2026-03-01..2026-02-01",
    "“2026-03-01..2026-02-01” in the address is no period.",
  ],
  ["/leaderboard?sort=luck", "“luck” in the address is no sort."],
  ["/leaderboard?columns=rank,luck", "“rank,luck” in the address is no columns."],
])("%s is told and the rest is shown", (href, fault) => {
  expect(read(`${href}&open=true`)).toEqual({
    address: { ...EVERYTHING, onlyOpen: true },
    faults: [fault],
  });
});

const ROWS = [
  { model: "one/large", organization: "One", hasOpenWeights: true, isRetired: false },
  { model: "one/old", organization: "One", hasOpenWeights: true, isRetired: true },
  { model: "two/closed", organization: "Two", hasOpenWeights: false, isRetired: false },
  { model: "unknown", organization: null, hasOpenWeights: null, isRetired: false },
];
const shown = (filters: Partial<BoardAddress>) =>
  filterRows(ROWS, { ...EVERYTHING, ...filters }).map((it) => it.model);

test("retired models are shown when they are asked for, and open weights where somebody said so", () => {
  expect(shown({})).toEqual(["one/large", "two/closed", "unknown"]);
  expect(shown({ withRetired: true })).toHaveLength(4);
  expect(shown({ onlyOpen: true })).toEqual(["one/large"]);
  expect(shown({ organization: "Two" })).toEqual(["two/closed"]);
});

test("every word of a search has to be in the name or the organisation", () => {
  expect(shown({ search: "LARGE one" })).toEqual(["one/large"]);
  expect(shown({ search: "two" })).toEqual(["two/closed"]);
  expect(shown({ search: "  " })).toHaveLength(3);
});
