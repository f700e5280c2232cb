import { formatCount, formatShare } from "@/components/format";
import { type FigureTable, toRounded } from "@/components/plots/figure-table";
import type { PlotTip } from "@/components/plots/plot-layout";
import type { PairTable } from "@/lib/protocol/board-view";

export type PairKind = "observed" | "expected";

export function toPairTip(pairs: PairTable, row: number, column: number): PlotTip {
  const [one = "", other = ""] = [pairs.models[row], pairs.models[column]];
  if (row === column) return { title: one, lines: [["Against", "itself"]] };
  const votes = pairs.votes[row]?.[column] ?? 0;
  const wins = pairs.wins[row]?.[column] ?? null;
  const expected = pairs.expected[row]?.[column] ?? null;
  return {
    title: `${one} against ${other}`,
    lines: [
      ["Won", wins === null ? "no winner yet" : formatShare(wins)],
      ...(expected === null ? [] : [["Expected", formatShare(expected)] as const]),
      ["Votes", formatCount(votes)],
      ["Ties", formatCount(pairs.ties[row]?.[column] ?? 0)],
    ],
  };
}

/** Row against column, as the picture has it. */
export function toWinTable(pairs: PairTable, kind: PairKind): FigureTable {
  const shares: readonly (readonly (number | null)[])[] =
    kind === "observed" ? pairs.wins : pairs.expected;
  return toMatrix(pairs, formatShare, (row, column) => {
    const share = shares[row]?.[column] ?? null;
    return share === null ? null : toRounded(share, 4);
  });
}

export function toBattleTable(pairs: PairTable): FigureTable {
  return toMatrix(pairs, formatCount, (row, column) => pairs.votes[row]?.[column] ?? 0);
}

function toMatrix(
  { models }: PairTable,
  format: (value: number) => string,
  cell: (row: number, column: number) => number | null,
): FigureTable {
  return {
    columns: [
      { label: "Row against column", isModel: true },
      ...models.map((label) => ({ label, isModel: true, format })),
    ],
    rows: models.map((model, row) => [
      model,
      ...models.map((_, column) => (row === column ? null : cell(row, column))),
    ]),
  };
}
