/** The order of a table's rows, by any of its columns. */
export type Sorting<Id extends string = string> = { column: Id; isDescending: boolean };

/** What rows are put in order by; null: the model has none. */
export type SortValue = string | number | null;

const byText = new Intl.Collator("en", { numeric: true });

/** Rows without a value come last either way; equal ones stay in the order in which they came. */
export function sortRows<Row>(
  rows: readonly Row[],
  readValue: (row: Row) => SortValue,
  isDescending: boolean,
): Row[] {
  const sign = isDescending ? -1 : 1;
  const keyed = rows.map((row) => ({ row, value: readValue(row) }));
  keyed.sort(({ value: left }, { value: right }) => {
    if (left === null || right === null) return Number(left === null) - Number(right === null);
    if (typeof left === "number" && typeof right === "number") return sign * (left - right);
    return sign * byText.compare(String(left), String(right));
  });
  return keyed.map(({ row }) => row);
}
