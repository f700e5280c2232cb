/**
 * A table as RFC 4180 has it. Words come from others, and spreadsheets take a cell that begins with one of these
 * signs for a formula and run it: an apostrophe before it makes it a word.
 */
const FORMULA = /^[=+\-@\t\r]/;

export type Cell = string | number | boolean | null;

/** @param heads our own words. */
export function toCsv(heads: readonly string[], rows: readonly (readonly Cell[])[]): string {
  return [heads, ...rows].map((cells) => `${cells.map(toCell).join(",")}\r\n`).join("");
}

function toCell(value: Cell): string {
  if (value === null) return "";
  if (typeof value !== "string") return String(value);
  const word = FORMULA.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(word) ? `"${word.replaceAll('"', '""')}"` : word;
}
