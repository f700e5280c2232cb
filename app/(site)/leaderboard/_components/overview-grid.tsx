"use client";

import clsx from "clsx";
import { ArrowDown, ArrowUp, ArrowUpRight } from "lucide-react";
import Link from "next/link";
import { memo, useMemo } from "react";
import { boardHref } from "@/components/board/board-address";
import { CATEGORY_LABELS, languageLabel } from "@/components/board/board-labels";
import { ModelName } from "@/components/board/model-name";
import { MoreBelow } from "@/components/board/more-below";
import { sortRows } from "@/components/board/sort-rows";
import { countOf, formatCount } from "@/components/format";
import { parseBoardKey } from "@/lib/protocol/board-key";
import type { Overview } from "@/lib/protocol/board-view";
import { BY_MODEL, type OverviewAddress } from "./overview-address";

type Column = Overview["columns"][number];
type Row = Overview["rows"][number];

export type OverviewGridProps = {
  columns: readonly Column[];
  rows: readonly Row[];
  address: OverviewAddress;
  go: (change: Partial<OverviewAddress>) => void;
  isBusy: boolean;
};

/** Models against categories and languages; the bluer a cell, the nearer to the head of its column. */
export function OverviewGrid({ columns, rows, address, go, isBusy }: OverviewGridProps) {
  const { show, sortBy, isDescending } = address;
  const isByModel = sortBy === BY_MODEL;
  const index = Math.max(
    columns.findIndex((column) => column.key === sortBy),
    0,
  );
  const sorted = useMemo(() => {
    // Ranks are shared where intervals meet, and a score stands for itself.
    const byCell = ({ cells }: Row) => {
      const cell = cells[index];
      if (!cell) return null;
      return show === "score" ? -cell.rating : cell.rank;
    };
    return sortRows(rows, isByModel ? (row) => row.model : byCell, isDescending);
  }, [rows, isByModel, index, isDescending, show]);
  const depths = useMemo(
    () => columns.map((_, at) => Math.max(...rows.map((row) => row.cells[at]?.rank ?? 0), 2)),
    [columns, rows],
  );
  // The best come first by themselves, whose ranks are the lowest and whose scores are the highest.
  const isDown = show === "score" && !isByModel ? !isDescending : isDescending;
  const isSorted = (key: string, at: number) => (isByModel ? key === BY_MODEL : at === index);
  const onSort = (key: string, at: number) =>
    go({ sortBy: key, isDescending: isSorted(key, at) && !isDescending });
  return (
    <section
      aria-label="Overview of ranks, scrolls inside itself"
      aria-busy={isBusy}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reachable by keyboard.
      tabIndex={0}
      className={clsx(
        "relative -mx-4 max-h-[calc(100dvh-var(--header-height)-var(--bottom-bar-height)-8px)] overflow-auto px-4 transition-opacity duration-240 sm:mx-0 sm:px-0",
        isBusy && "opacity-60",
      )}
    >
      <table
        aria-label="Overview of ranks"
        className="numeric border-separate border-spacing-0 text-sm"
      >
        <thead>
          <tr>
            <th
              scope="col"
              aria-sort={toAriaSort(isByModel, isDescending)}
              className="sticky top-0 left-0 z-30 border-b border-line bg-paper py-3 pr-6 text-left align-bottom text-xs font-medium"
            >
              <SortButton
                label="Model"
                isActive={isByModel}
                isDescending={isDescending}
                onSort={() => onSort(BY_MODEL, -1)}
              />
            </th>
            {columns.map((column, at) => (
              <th
                key={column.key}
                scope="col"
                aria-sort={toAriaSort(isSorted(column.key, at), isDown)}
                className="sticky top-0 z-20 min-w-20 border-b border-line bg-paper px-2 py-3 text-right align-bottom text-xs font-medium"
              >
                <span className="flex flex-col items-end">
                  <SortButton
                    label={nameOf(column)}
                    isActive={isSorted(column.key, at)}
                    isDescending={isDown}
                    onSort={() => onSort(column.key, at)}
                  />
                  <BoardLink column={column} />
                </span>
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {sorted.map((row) => (
            <GridRow key={row.model} row={row} depths={depths} show={show} />
          ))}
        </tbody>
      </table>
      <MoreBelow />
    </section>
  );
}

/** The server names columns by their keys; how pages call them is theirs. */
function nameOf({ key, label }: Column): string {
  const { language, category } = parseBoardKey(key) ?? {};
  if (language) return languageLabel(language);
  return category === undefined ? label : CATEGORY_LABELS[category];
}

function BoardLink({ column }: { column: Column }) {
  const key = parseBoardKey(column.key);
  const votes = (
    <span className="block font-normal text-ink-soft">{countOf(column.votes, "vote")}</span>
  );
  if (key === undefined) return votes;
  return (
    <Link
      href={boardHref({ key })}
      prefetch={false}
      aria-label={`The board: ${nameOf(column)}, ${countOf(column.votes, "vote")}`}
      className="mt-1 inline-flex min-h-6 items-center gap-0.5 font-normal whitespace-nowrap text-ink-soft underline-offset-4 hover:text-ink hover:underline"
    >
      {countOf(column.votes, "vote")}
      <ArrowUpRight size={12} strokeWidth={1.5} aria-hidden="true" />
    </Link>
  );
}

type GridRowProps = { row: Row; depths: readonly number[]; show: OverviewAddress["show"] };

const GridRow = memo(function GridRow({ row, depths, show }: GridRowProps) {
  return (
    <tr>
      <th
        scope="row"
        className="sticky left-0 z-10 border-b border-line bg-paper py-2.5 pr-6 text-left font-medium"
      >
        <ModelName model={row.model} slug={row.slug} isRetired={row.isRetired} />
      </th>
      {row.cells.map((cell, at) => (
        <td
          // biome-ignore lint/suspicious/noArrayIndexKey: a cell is its column, and columns keep their places.
          key={at}
          className="border-b border-line px-3 py-2.5 text-right"
          style={cell ? { background: shade(cell.rank, depths[at] ?? 2) } : undefined}
        >
          {cell ? (
            <span
              title={cell.isPreliminary ? "preliminary: on few votes" : undefined}
              className={
                cell.isPreliminary ? "italic" : cell.rank === 1 ? "font-semibold" : undefined
              }
            >
              {formatCount(show === "rank" ? cell.rank : cell.rating)}
              {cell.isPreliminary && <Hollow />}
            </span>
          ) : (
            <span className="text-ink-soft">–</span>
          )}
        </td>
      ))}
    </tr>
  );
});

/** The mark of what is preliminary: the hollow dot that such a score has on boards. */
function Hollow() {
  return (
    <>
      <span
        aria-hidden="true"
        className="ml-1 inline-block size-2 rounded-full border border-current align-baseline"
      />
      <span className="sr-only"> preliminary</span>
    </>
  );
}

/** The share of blue behind the first place, as in the heat maps: ink on it has 8 : 1 and more in either scheme. */
const STRONGEST = 36;

/** The first place is the bluest, the last one is plain; between them in equal steps, more for the first ones. */
function shade(rank: number, depth: number): string {
  const share = 1 - (rank - 1) / Math.max(depth - 1, 1);
  const percent = (STRONGEST * share * share).toFixed(1);
  return `color-mix(in oklab, var(--color-a) ${percent}%, var(--color-paper))`;
}

type SortButtonProps = {
  label: string;
  isActive: boolean;
  isDescending: boolean;
  onSort: () => void;
};

function SortButton({ label, isActive, isDescending, onSort }: SortButtonProps) {
  const Icon = isDescending ? ArrowDown : ArrowUp;
  return (
    <button
      type="button"
      onClick={onSort}
      className={clsx(
        "inline-flex min-h-6 items-center gap-1 rounded-sm",
        isActive ? "text-ink" : "text-ink-soft hover:text-ink",
      )}
    >
      {isActive && <Icon size={12} strokeWidth={2} aria-hidden="true" />}
      {label}
    </button>
  );
}

function toAriaSort(isActive: boolean, isDescending: boolean) {
  if (!isActive) return undefined;
  return isDescending ? "descending" : "ascending";
}
