"use client";

import { useMemo, useState } from "react";
import { BY_RANK } from "@/components/board/board-address";
import type { BoardTableRow, ColumnId } from "@/components/board/board-columns";
import { BoardTable } from "@/components/board/board-table";
import type { PublishedBoard } from "@/lib/protocol/board-view";
import { toModelSlug } from "@/lib/protocol/model-slug";

/** What was frozen. What models cost and how fast they are served belongs to today. */
const COLUMNS: readonly ColumnId[] = [
  ...(["rank", "spread", "model", "score", "votes", "won", "lost", "tied"] as const),
];

export type PublishedTableProps = { title: string; rows: PublishedBoard["rows"] };

export function PublishedTable({ title, rows }: PublishedTableProps) {
  const [sorting, setSorting] = useState(BY_RANK);
  const shown = useMemo(() => rows.map(toRow), [rows]);
  return (
    <BoardTable
      label={title}
      rows={shown}
      sorting={sorting}
      onSort={setSorting}
      chosen={COLUMNS}
      version="frozen"
    />
  );
}

function toRow(entry: PublishedBoard["rows"][number]): BoardTableRow {
  return {
    ...entry,
    ...{ slug: toModelSlug(entry.model), organization: null, licence: null, price: null },
    ...{ hasOpenWeights: null, isRetired: false, isAwake: false, isPreliminary: false },
    ...{ contextLength: null, firstTokenMs: null, tokensPerSecond: null },
  };
}
