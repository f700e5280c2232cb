import type { BoardRow } from "@/lib/protocol/board-view";

/** A row with figures. */
export type RatedRow = BoardRow & { rating: number; lower: number; upper: number };

function isRated(row: BoardRow): row is RatedRow {
  return row.rating !== null && row.lower !== null && row.upper !== null;
}

/** Those with figures, best first, however the board is sorted. */
export function toRatedRows(rows: readonly BoardRow[]): RatedRow[] {
  return rows.filter(isRated).sort((one, other) => other.rating - one.rating);
}
