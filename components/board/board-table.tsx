"use client";

import clsx from "clsx";
import { ArrowDown, ArrowUp } from "lucide-react";
import { type ReactNode, useCallback, useMemo, useRef, useState } from "react";
import {
  type BoardColumn,
  type BoardTableRow,
  type ColumnId,
  isShownNarrow,
  pickColumns,
} from "./board-columns";
import { BoardRow, MODEL_CELL, RANK_CELL } from "./board-row";
import { ScaleTicks } from "./interval";
import { MoreBelow } from "./more-below";
import { type RatingScale, toRatingScale } from "./rating-scale";
import { type Sorting, sortRows } from "./sort-rows";
import { useMovingRows } from "./use-moving-rows";

export type BoardTableProps = {
  /** What it is called for readers. */
  label: string;
  rows: readonly BoardTableRow[];
  /** All rows of the board, for a scale that a search does not move; absent: `rows`. */
  scaledBy?: readonly BoardTableRow[];
  sorting: Sorting<ColumnId>;
  onSort: (sorting: Sorting<ColumnId>) => void;
  /** Null: those that say something. */
  chosen: readonly ColumnId[] | null;
  /** Changes when the board does: rows that it puts elsewhere travel. */
  version: string;
  isBusy?: boolean;
  /** What a row opens to; absent: rows do not open. */
  renderDetail?: (row: BoardTableRow) => ReactNode;
};

/** The table is the plot: every row draws its interval on one scale. Head and first columns stay in sight. */
export function BoardTable(props: BoardTableProps) {
  const { label, rows, sorting, onSort, chosen, version, isBusy = false, renderDetail } = props;
  const scaledBy = props.scaledBy ?? rows;
  const body = useRef<HTMLTableSectionElement>(null);
  const [opened, setOpened] = useState<ReadonlySet<string>>(new Set());
  const toggle = useCallback((model: string) => {
    setOpened((last) => {
      const next = new Set(last);
      if (!next.delete(model)) next.add(model);
      return next;
    });
  }, []);
  const scale = useSameScale(scaledBy);
  const columns = useMemo(() => pickColumns(scaledBy, chosen), [scaledBy, chosen]);
  const sorted = useMemo(() => {
    const column = columns.find((it) => it.id === sorting.column);
    return column ? sortRows(rows, column.value, sorting.isDescending) : rows;
  }, [rows, columns, sorting]);
  useMovingRows(body, version);
  return (
    <section
      aria-label={`${label}, scrolls inside itself`}
      aria-busy={isBusy}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reachable by keyboard.
      tabIndex={0}
      className={clsx(
        "@container -mx-4 max-h-[calc(100dvh-var(--header-height)-var(--bottom-bar-height)-8px)] overflow-auto px-4 transition-opacity duration-240 sm:mx-0 sm:px-0",
        isBusy && "opacity-60",
      )}
    >
      <table aria-label={label} className="numeric w-full border-separate border-spacing-0 text-sm">
        <thead>
          <tr>
            {columns.map((column) => (
              <Head
                key={column.id}
                column={column}
                sorting={sorting}
                onSort={onSort}
                isNarrowed={chosen === null}
                scale={scale}
              />
            ))}
          </tr>
        </thead>
        <tbody ref={body}>
          {sorted.map((row) => (
            <BoardRow
              key={row.model}
              row={row}
              columns={columns}
              scale={scale}
              isNarrowed={chosen === null}
              isOpen={opened.has(row.model)}
              onToggle={renderDetail && toggle}
              renderDetail={renderDetail}
            />
          ))}
        </tbody>
      </table>
      <MoreBelow />
    </section>
  );
}

/** The same object while the scale is the same, so that rows are not drawn anew for every vote. */
function useSameScale(rows: readonly BoardTableRow[]): RatingScale | undefined {
  const scale = useMemo(() => toRatingScale(rows), [rows]);
  const key = scale === undefined ? "" : `${scale.lower} ${scale.upper} ${scale.ticks.length}`;
  // biome-ignore lint/correctness/useExhaustiveDependencies: the key says all that a scale is.
  return useMemo(() => scale, [key]);
}

type HeadProps = {
  column: BoardColumn;
  sorting: Sorting<ColumnId>;
  onSort: (sorting: Sorting<ColumnId>) => void;
  isNarrowed: boolean;
  scale: RatingScale | undefined;
};

function Head({ column, sorting, onSort, isNarrowed, scale }: HeadProps) {
  const { id, label, hint, isNumber, isDescendingFirst } = column;
  const isActive = sorting.column === id;
  const Icon = sorting.isDescending ? ArrowDown : ArrowUp;
  const next = isActive ? !sorting.isDescending : isDescendingFirst;
  return (
    <th
      scope="col"
      aria-sort={isActive ? (sorting.isDescending ? "descending" : "ascending") : undefined}
      className={clsx(
        "sticky top-0 z-20 border-b border-line bg-paper py-3 pr-2 text-xs font-medium last:pr-0 sm:pr-4",
        isNumber ? "text-right" : "text-left",
        id === "rank" && clsx(RANK_CELL, "z-30"),
        id === "model" && clsx(MODEL_CELL, "z-30"),
        id === "score" && "w-2/5 sm:pr-8",
        isNarrowed && !isShownNarrow(id) && "max-md:hidden",
      )}
    >
      <span
        className={
          id === "score"
            ? "grid grid-cols-[2.75rem_minmax(5.5rem,1fr)] items-center gap-x-3 sm:grid-cols-[8.75rem_minmax(9rem,1fr)]"
            : undefined
        }
      >
        <button
          type="button"
          title={hint}
          onClick={() => onSort({ column: id, isDescending: next })}
          className={clsx(
            "relative inline-flex items-center gap-1 rounded-sm whitespace-nowrap after:absolute after:-inset-y-3 after:right-0 after:-left-1",
            isActive ? "text-ink" : "text-ink-soft hover:text-ink",
          )}
        >
          {id === "score" ? (
            <>
              Score<span className="max-sm:sr-only"> and interval</span>
            </>
          ) : (
            label
          )}
          {hint && <span className="sr-only">, {hint}</span>}
          {isActive && <Icon size={12} strokeWidth={2} aria-hidden="true" />}
        </button>
        {id === "score" && scale && <ScaleTicks scale={scale} />}
      </span>
    </th>
  );
}
