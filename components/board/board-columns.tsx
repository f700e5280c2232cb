import type { ReactNode } from "react";
import type { BoardRow } from "@/lib/protocol/board-view";
import { formatCount, formatDollars, formatLicence, formatRate, formatSeconds } from "../format";
import type { SortValue } from "./sort-rows";

export const COLUMN_IDS = [
  ...(["rank", "spread", "model", "mine", "score", "votes", "organization", "licence"] as const),
  ...(["price-in", "price-out", "context", "first-token", "speed"] as const),
  ...(["won", "lost", "tied"] as const),
] as const;
export type ColumnId = (typeof COLUMN_IDS)[number];

export type BoardTableRow = BoardRow & {
  /** The rank by the visitor's own votes. */
  mine?: number | null;
};

export type BoardColumn = {
  id: ColumnId;
  label: string;
  /** What the label leaves out, such as its unit. */
  hint?: string;
  isNumber: boolean;
  /** The first click on its head: the greatest first. */
  isDescendingFirst: boolean;
  value: (row: BoardTableRow) => SortValue;
  /** Rank, model and score are drawn by the row itself. */
  cell?: (row: BoardTableRow) => ReactNode;
};

const DASH = "–";

type NumberColumn = Pick<BoardColumn, "id" | "label" | "hint"> & {
  value: (row: BoardTableRow) => number | null;
  format: (value: number) => string;
  isDescendingFirst?: boolean;
};

function numberColumn({ format, isDescendingFirst = true, ...rest }: NumberColumn): BoardColumn {
  const cell = (row: BoardTableRow) => {
    const value = rest.value(row);
    return value === null ? DASH : format(value);
  };
  return { ...rest, isNumber: true, isDescendingFirst, cell };
}

const PRICE_HINT = "dollars a million tokens";

/** Every column there is, in the order in which they stand. */
export const BOARD_COLUMNS: readonly BoardColumn[] = [
  {
    ...{ id: "rank", label: "Rank", isNumber: true, isDescendingFirst: false },
    value: (row) => row.rank,
  },
  {
    ...{ id: "spread", label: "Spread", isNumber: true, isDescendingFirst: false },
    hint: "the best and the worst rank that the intervals allow",
    value: (row) => row.rankBest,
    cell: ({ rankBest, rankWorst }) => spread(rankBest, rankWorst),
  },
  {
    ...{ id: "model", label: "Model", isNumber: false, isDescendingFirst: false },
    value: (row) => row.model,
  },
  numberColumn({
    ...{ id: "mine", label: "Yours", hint: "the rank by your own votes alone" },
    value: (row) => row.mine ?? null,
    format: formatCount,
    isDescendingFirst: false,
  }),
  {
    ...{ id: "score", label: "Score and interval", isNumber: false, isDescendingFirst: true },
    hint: "95 % interval",
    value: (row) => row.rating,
  },
  numberColumn({ id: "votes", label: "Votes", value: (row) => row.votes, format: formatCount }),
  {
    ...{ id: "organization", label: "Organisation", isNumber: false, isDescendingFirst: false },
    value: (row) => row.organization,
    cell: (row) => row.organization ?? DASH,
  },
  {
    ...{ id: "licence", label: "Licence", isNumber: false, isDescendingFirst: false },
    value: (row) => row.licence && formatLicence(row.licence),
    cell: (row) => (row.licence ? formatLicence(row.licence) : DASH),
  },
  numberColumn({
    ...{ id: "price-in", label: "$ in", hint: PRICE_HINT, isDescendingFirst: false },
    value: (row) => row.price?.inputPerMillion ?? null,
    format: formatDollars,
  }),
  numberColumn({
    ...{ id: "price-out", label: "$ out", hint: PRICE_HINT, isDescendingFirst: false },
    value: (row) => row.price?.outputPerMillion ?? null,
    format: formatDollars,
  }),
  numberColumn({
    ...{ id: "context", label: "Context", hint: "tokens" },
    value: (row) => row.contextLength,
    format: formatCount,
  }),
  numberColumn({
    ...{
      id: "first-token",
      label: "First",
      hint: "time to the first token, median as served here",
    },
    value: (row) => row.firstTokenMs,
    format: formatSeconds,
    isDescendingFirst: false,
  }),
  numberColumn({
    ...{ id: "speed", label: "Tok/s", hint: "tokens a second, median as served here" },
    value: (row) => row.tokensPerSecond,
    format: formatRate,
  }),
  numberColumn({ id: "won", label: "Won", value: (row) => row.wins, format: formatCount }),
  numberColumn({ id: "lost", label: "Lost", value: (row) => row.losses, format: formatCount }),
  numberColumn({ id: "tied", label: "Tied", value: (row) => row.ties, format: formatCount }),
];

/** "2" where the intervals leave one place alone, "2–4" else. */
export function spread(best: number | null, worst: number | null): string {
  if (best === null || worst === null) return DASH;
  return best === worst ? formatCount(best) : `${formatCount(best)}–${formatCount(worst)}`;
}

/** Drawn when the reader chooses them: counts that `votes` sums up, and what stands under the name as well. */
const OPTIONAL: readonly ColumnId[] = ["organization", "won", "lost", "tied"];
/** On a phone, until the reader chooses. */
const NARROW: readonly ColumnId[] = ["rank", "model", "mine", "score"];

export const isShownNarrow = (id: ColumnId): boolean => NARROW.includes(id);

/**
 * Columns to draw. What the reader chose is drawn even where it is empty; by themselves columns without a
 * single value stay out.
 */
export function pickColumns(
  rows: readonly BoardTableRow[],
  chosen: readonly ColumnId[] | null,
): BoardColumn[] {
  return BOARD_COLUMNS.filter((column) => {
    if (column.id === "model" || column.id === "rank") return true;
    if (chosen !== null) return chosen.includes(column.id);
    if (OPTIONAL.includes(column.id)) return false;
    return column.id === "score" || rows.some((row) => column.value(row) !== null);
  });
}
