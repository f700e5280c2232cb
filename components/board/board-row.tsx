import clsx from "clsx";
import { ChevronRight } from "lucide-react";
import { memo, type ReactNode } from "react";
import { type BoardColumn, type BoardTableRow, isShownNarrow, spread } from "./board-columns";
import { Interval } from "./interval";
import { ModelName } from "./model-name";
import type { RatingScale } from "./rating-scale";

export const CELL = "border-b border-line py-2 pr-2 last:pr-0 sm:pr-4";
export const RANK_CELL = "sticky left-0 z-10 w-9 min-w-9 bg-paper";
export const MODEL_CELL = "sticky left-9 z-10 bg-paper";

export type BoardRowProps = {
  row: BoardTableRow;
  columns: readonly BoardColumn[];
  scale: RatingScale | undefined;
  /** Until the reader chooses columns, a phone shows a few. */
  isNarrowed: boolean;
  isOpen: boolean;
  /** Absent: rows do not open. */
  onToggle?: ((model: string) => void) | undefined;
  renderDetail?: ((row: BoardTableRow) => ReactNode) | undefined;
};

/** Drawn anew only when something of it changed: a board has hundreds. */
export const BoardRow = memo(function BoardRow(props: BoardRowProps) {
  const { row, columns, scale, isNarrowed, isOpen, onToggle, renderDetail } = props;
  // On a phone the spread stands under the rank, unless it was chosen as a column.
  const hasSpread = isNarrowed || !columns.some((it) => it.id === "spread");
  const hasOrganization = !columns.some((it) => it.id === "organization");
  return (
    <>
      <tr data-row={row.model} className="group">
        {columns.map((column) => {
          if (column.id === "rank") return <RankCell key="rank" row={row} hasSpread={hasSpread} />;
          if (column.id === "model") {
            return <ModelCell key="model" {...{ row, isOpen, onToggle, hasOrganization }} />;
          }
          if (column.id === "score") {
            return (
              <td key="score" className="w-2/5 border-b border-line pr-4 sm:pr-8">
                <Interval entry={row} scale={scale} />
              </td>
            );
          }
          return (
            <td
              key={column.id}
              className={clsx(
                CELL,
                "whitespace-nowrap",
                column.isNumber ? "text-right" : "max-w-40 truncate text-ink-soft",
                isNarrowed && !isShownNarrow(column.id) && "max-md:hidden",
              )}
            >
              {column.cell?.(row)}
            </td>
          );
        })}
      </tr>
      {isOpen && renderDetail && (
        <tr data-row={`${row.model} opened`}>
          <td colSpan={columns.length} className="border-b border-line p-0">
            {/* As wide as what is seen of the table, however far it is scrolled. */}
            <div
              id={detailId(row.model)}
              className="sticky left-0 w-[min(100cqw,75rem)] animate-rise px-2 py-5 sm:px-9"
            >
              {renderDetail(row)}
            </div>
          </td>
        </tr>
      )}
    </>
  );
});

type RankCellProps = { row: BoardTableRow; hasSpread: boolean };

function RankCell({ row: { rank, rankBest, rankWorst }, hasSpread }: RankCellProps) {
  const isSpread = hasSpread && rankBest !== null && rankBest !== rankWorst;
  return (
    <td className={clsx(CELL, RANK_CELL, "text-right")}>
      <span className="block font-medium">{rank ?? "–"}</span>
      {isSpread && (
        <span className="block text-xs text-ink-soft md:hidden">
          <span className="sr-only">between </span>
          {spread(rankBest, rankWorst)}
        </span>
      )}
    </td>
  );
}

const detailId = (model: string) => `about-${encodeURIComponent(model)}`;

type ModelCellProps = Pick<BoardRowProps, "row" | "isOpen" | "onToggle"> & {
  /** Under the name, where it has no column of its own. */
  hasOrganization: boolean;
};

function ModelCell({ row, isOpen, onToggle, hasOrganization }: ModelCellProps) {
  const { model, slug, organization, isPreliminary, isRetired } = row;
  return (
    <th scope="row" className={clsx(CELL, MODEL_CELL, "text-left font-medium")}>
      <span className="flex min-h-9 items-center gap-1">
        {onToggle && (
          <button
            type="button"
            aria-expanded={isOpen}
            aria-controls={isOpen ? detailId(row.model) : undefined}
            aria-label={`More about ${row.model}`}
            onClick={() => onToggle(row.model)}
            className="relative grid size-6 shrink-0 place-items-center rounded-sm text-ink-soft after:absolute after:-inset-2.5 hover:text-ink"
          >
            <ChevronRight
              size={16}
              strokeWidth={1.5}
              aria-hidden="true"
              className={clsx("transition-transform duration-120", isOpen && "rotate-90")}
            />
          </button>
        )}
        <span className="min-w-0">
          <ModelName
            {...{ model, slug, isPreliminary, isRetired }}
            organization={hasOrganization ? organization : null}
          />
        </span>
      </span>
    </th>
  );
}
