import { expect, test } from "vitest";
import { sortRows } from "./sort-rows";

const ROWS = [
  { model: "new-10", votes: null },
  { model: "second", votes: 5 },
  { model: "new-9", votes: null },
  { model: "first", votes: 7 },
];
const names = (rows: typeof ROWS) => rows.map((it) => it.model);

test("rows without a value come last in both directions, in the order in which they came", () => {
  const byVotes = (isDescending: boolean) => names(sortRows(ROWS, (it) => it.votes, isDescending));
  expect(byVotes(true)).toEqual(["first", "second", "new-10", "new-9"]);
  expect(byVotes(false)).toEqual(["second", "first", "new-10", "new-9"]);
});

test("names are ordered as people count", () => {
  expect(names(sortRows(ROWS, (it) => it.model, false))).toEqual([
    ...["first", "new-9", "new-10", "second"],
  ]);
});
