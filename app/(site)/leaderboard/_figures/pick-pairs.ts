import type { PairTable } from "@/lib/protocol/board-view";

/** The part of the table whose models are wanted, in its own order: filters of the board hold for its pictures. */
export function pickPairs(pairs: PairTable, wanted: ReadonlySet<string>): PairTable {
  const kept = pairs.models.flatMap((model, index) => (wanted.has(model) ? [index] : []));
  if (kept.length === pairs.models.length) return pairs;
  const pickRow = <T>(list: readonly T[]): T[] =>
    list.filter((_, index) => wanted.has(pairs.models[index] ?? ""));
  const pick = <T>(rows: readonly (readonly T[])[]) => pickRow(rows).map(pickRow);
  return {
    models: pickRow(pairs.models),
    votes: pick(pairs.votes),
    ties: pick(pairs.ties),
    wins: pick(pairs.wins),
    expected: pick(pairs.expected),
    // Of each model over all its opponents, those that are not shown as well.
    averageWins: pickRow(pairs.averageWins),
  };
}

/** The first `count` models of the table. */
export function topPairs(pairs: PairTable, count: number): PairTable {
  return pickPairs(pairs, new Set(pairs.models.slice(0, count)));
}
