import { expect, test } from "vitest";
import { formatCell, toCsv, toRounded } from "./figure-table";

test("a file has names in its first line, numbers as they are and nothing where nothing is known", () => {
  const table = {
    columns: [{ label: "Model" }, { label: "Score, points", format: () => "pretty" }],
    rows: [
      ["pico-l", 1_103.5],
      ["pico-m", null],
    ],
  };
  expect(toCsv(table)).toBe('Model,"Score, points"\r\npico-l,1103.5\r\npico-m,\r\n');
});

test("quotes, commas and lines within a name stay within their field", () => {
  const rows = [['a "b"', "c,d", "e\nf", "@cf/x"]];
  const columns = ["1", "2", "3", "4"].map((label) => ({ label }));
  expect(toCsv({ columns, rows })).toBe('1,2,3,4\r\n"a ""b""","c,d","e\nf",@cf/x\r\n');
});

test("a cell reads as its column says", () => {
  expect(formatCell(null, undefined)).toBe("–");
  expect(formatCell(0.5, { label: "", format: (it) => `${it * 100} %` })).toBe("50 %");
  expect(formatCell("yes", { label: "" })).toBe("yes");
  expect(toRounded(0.123456, 4)).toBe(0.1235);
});
