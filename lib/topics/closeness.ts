import type { SparseRows } from "./vectorise";

/**
 * How much each of these prompts has in common with the others of them, by the words themselves: the cosine
 * between its row and the sum of the others', 0 where it shares no word with any. Directions that few prompts
 * are reduced to say of a prompt in another language that it is as near as any.
 */
export function measureCloseness(
  { offsets, columns, values }: SparseRows,
  within: readonly number[],
): number[] {
  const sum = new Map<number, number>();
  const entriesOf = (row: number) => {
    const [from = 0, to = 0] = offsets.subarray(row, row + 2);
    return { own: columns.subarray(from, to), weights: values.subarray(from, to) };
  };
  for (const row of within) {
    const { own, weights } = entriesOf(row);
    for (const [at, column] of own.entries()) {
      sum.set(column, (sum.get(column) ?? 0) + (weights[at] ?? 0));
    }
  }
  let squares = 0;
  for (const value of sum.values()) squares += value * value;
  return within.map((row) => {
    const { own, weights } = entriesOf(row);
    let [shared, length] = [0, 0];
    for (const [at, column] of own.entries()) {
      const weight = weights[at] ?? 0;
      shared += weight * (sum.get(column) ?? 0);
      length += weight * weight;
    }
    // Of the sum without this row.
    const others = Math.sqrt(Math.max(0, squares - 2 * shared + length));
    return others < 1e-6 ? 0 : Math.max(0, shared - length) / others;
  });
}
