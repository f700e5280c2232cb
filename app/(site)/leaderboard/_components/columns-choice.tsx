"use client";

import { Columns3 } from "lucide-react";
import {
  BOARD_COLUMNS,
  type BoardTableRow,
  COLUMN_IDS,
  type ColumnId,
  isShownNarrow,
  pickColumns,
} from "@/components/board/board-columns";
import { Button } from "@/components/ui/button";
import { Disclosure } from "@/components/ui/disclosure";
import { useNarrow } from "@/components/use-narrow";

export type ColumnsChoiceProps = {
  rows: readonly BoardTableRow[];
  chosen: readonly ColumnId[] | null;
  onChange: (columns: readonly ColumnId[] | null) => void;
};

export function ColumnsChoice({ rows, chosen, onChange }: ColumnsChoiceProps) {
  const isNarrow = useNarrow();
  const shown =
    chosen ??
    pickColumns(rows, null)
      .map((it) => it.id)
      .filter((id) => !isNarrow || isShownNarrow(id));
  const toggle = (id: ColumnId) =>
    onChange(COLUMN_IDS.filter((it) => (it === id ? !shown.includes(it) : shown.includes(it))));
  return (
    <Disclosure
      title="Columns"
      label={
        <>
          <Columns3 size={16} strokeWidth={1.5} aria-hidden="true" />
          Columns
        </>
      }
    >
      <ul className="grid grid-cols-2 gap-x-4">
        {BOARD_COLUMNS.filter(({ id }) => id !== "rank" && id !== "model").map(({ id, label }) => (
          <li key={id}>
            <label className="flex min-h-8 items-center gap-2 pointer-coarse:min-h-11">
              <input
                type="checkbox"
                checked={shown.includes(id)}
                onChange={() => toggle(id)}
                className="size-4 accent-accent"
              />
              {id === "score" ? "Score" : label}
            </label>
          </li>
        ))}
      </ul>
      <p className="mt-3 border-t border-line pt-3 text-xs text-ink-soft">
        Prices are dollars a million tokens; times are medians as served here.
      </p>
      {chosen !== null && (
        <Button size="small" className="mt-3" onClick={() => onChange(null)}>
          As at first
        </Button>
      )}
    </Disclosure>
  );
}
