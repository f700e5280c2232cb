"use client";

import type { BoardAddress } from "@/components/board/board-address";
import type { BoardTableRow, ColumnId } from "@/components/board/board-columns";
import { boardLabel, CATEGORY_HINTS } from "@/components/board/board-labels";
import { countOf, formatCount, formatDate } from "@/components/format";
import { useOnline } from "@/components/use-online";
import { boardKeyText } from "@/lib/protocol/board-key";
import type { BoardView } from "@/lib/protocol/board-view";
import { ColumnsChoice } from "./columns-choice";
import { Downloads } from "./downloads";

export type BoardLineProps = {
  address: BoardAddress;
  view: BoardView | undefined;
  rows: readonly BoardTableRow[];
  /** Of them, those that filters leave. */
  shownCount: number;
  /** The newest votes could not be read. */
  isStale: boolean;
  onColumns: (columns: readonly ColumnId[] | null) => void;
};

/** What one looks at, of how many votes and of when; what one may do with it. */
export function BoardLine(props: BoardLineProps) {
  const { address, view, rows, shownCount, isStale, onColumns } = props;
  const isOnline = useOnline();
  const { category } = address.key;
  // Until the board of the switches is there, the one before is shown.
  const isBefore = view && boardKeyText(view.key) !== boardKeyText(address.key);
  const isComputing = view?.computedAt === null && view.progress !== null;
  return (
    <div className="relative mt-5 mb-1 flex min-h-11 flex-wrap items-center justify-between gap-x-6 gap-y-1">
      <div className="numeric min-w-0 flex-1 basis-72 text-sm text-ink-soft">
        {category !== "overall" && <p>Votes on {CATEGORY_HINTS[category]}.</p>}
        {isBefore && <p>Still showing “{boardLabel(view.key)}”.</p>}
        {view && !isComputing && (
          <p>
            {countOf(view.voteCount, "vote")} on{" "}
            {shownCount < rows.length && `${formatCount(shownCount)} of `}
            {countOf(rows.length, "model")}
            {view.computedAt && (
              <>
                , computed{" "}
                <time dateTime={view.computedAt} suppressHydrationWarning>
                  {formatDate(new Date(view.computedAt))}
                </time>
              </>
            )}
            <Freshness isOnline={isOnline} isStale={isStale} />
          </p>
        )}
      </div>
      {view && rows.length > 0 && (
        <div className="flex gap-1 max-sm:-ml-2.5 sm:-mr-2.5">
          <ColumnsChoice rows={rows} chosen={address.columns} onChange={onColumns} />
          <Downloads boardKey={view.key} />
        </div>
      )}
    </div>
  );
}

function Freshness({ isOnline, isStale }: { isOnline: boolean; isStale: boolean }) {
  if (!isOnline) return ". You are offline: this is the last board you have seen.";
  if (isStale) return ". The newest votes could not be read; this is the last board.";
  return (
    <span className="whitespace-nowrap">
      <span
        aria-hidden="true"
        className="mr-1.5 ml-3 inline-block size-1.5 rounded-full bg-accent align-middle"
      />
      live
    </span>
  );
}
