import { expect, test } from "vitest";
import { formatTable } from "./text-table";

test("names stand to the left, figures to the right, and no line ends in spaces", () => {
  const lines = formatTable(
    ["path", "tokens/s", "note"],
    [
      ["engine", "9", ""],
      ["/v1", "1200", "busy"],
    ],
  );
  expect(lines).toEqual(["path    tokens/s  note", "engine         9", "/v1         1200  busy"]);
});

test("several columns can stand to the left, and short rows are filled up", () => {
  expect(formatTable(["a", "b", "c"], [["long", "x"]], 2)).toEqual(["a     b  c", "long  x"]);
});
