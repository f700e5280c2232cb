"use client";

import { useMemo, useState } from "react";
import { BY_RANK, filterRows } from "@/components/board/board-address";
import type { BoardTableRow, ColumnId } from "@/components/board/board-columns";
import { BoardTable } from "@/components/board/board-table";
import { useNarrow } from "@/components/use-narrow";
import type { PublishedBoard } from "@/lib/protocol/board-view";
import { toModelSlug } from "@/lib/protocol/model-slug";
import { BoardLegend } from "./board-legend";
import { SEARCH_FROM_ROWS, SearchField } from "./board-switches";

/** What was frozen. What models cost and how fast they are served belongs to today. */
const COLUMNS: readonly ColumnId[] = [
  ...(["rank", "spread", "model", "score", "votes", "won", "lost", "tied"] as const),
];

/** On a phone the spread stands under the rank, and the line of the interval in sight. */
const NARROW_COLUMNS = COLUMNS.filter((id) => id !== "spread");

export type PublishedTableProps = {
  title: string;
  rows: PublishedBoard["rows"];
  /** A model rated on so many votes or fewer is marked as preliminary; null: it could not be read. */
  preliminaryVotesMax: number | null;
};

export function PublishedTable({ title, rows, preliminaryVotesMax }: PublishedTableProps) {
  const [sorting, setSorting] = useState(BY_RANK);
  const [search, setSearch] = useState("");
  const isNarrow = useNarrow();
  const all = useMemo(
    () => rows.map((row) => toRow(row, preliminaryVotesMax ?? 0)),
    [rows, preliminaryVotesMax],
  );
  const shown = useMemo(
    () => filterRows(all, { search, organization: null, onlyOpen: false, withRetired: true }),
    [all, search],
  );
  return (
    <>
      {rows.length >= SEARCH_FROM_ROWS && (
        <div className="mb-4">
          <SearchField value={search} onChange={setSearch} />
        </div>
      )}
      <BoardTable
        label={title}
        rows={shown}
        scaledBy={all}
        sorting={sorting}
        onSort={setSorting}
        chosen={isNarrow ? NARROW_COLUMNS : COLUMNS}
        version="frozen"
      />
      {shown.length === 0 && (
        <p role="status" className="border-b border-line py-6 text-sm text-ink-soft">
          No model of this board is called “{search.trim()}”.
        </p>
      )}
      <BoardLegend rows={all} preliminaryVotesMax={preliminaryVotesMax} />
    </>
  );
}

function toRow(entry: PublishedBoard["rows"][number], preliminaryVotesMax: number): BoardTableRow {
  const isPreliminary = entry.status === "rated" && entry.votes <= preliminaryVotesMax;
  return {
    ...entry,
    ...{ slug: toModelSlug(entry.model), organization: null, licence: null, price: null },
    ...{ hasOpenWeights: null, isRetired: false, isAwake: false, isPreliminary },
    ...{ contextLength: null, firstTokenMs: null, tokensPerSecond: null },
  };
}
