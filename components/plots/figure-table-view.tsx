"use client";

import clsx from "clsx";
import { useState } from "react";
import { countOf } from "@/components/format";
import { Button } from "@/components/ui/button";
import { type FigureTable, formatCell } from "./figure-table";

/** As many cells as a browser lays out without a pause that is felt (measured: docs/decisions/0047). */
const CELLS_A_STEP = 3_000;

export type FigureTableViewProps = {
  table: FigureTable;
  caption: string;
  /** Read by a screen reader alone: all its rows, and nothing that takes the focus where nobody sees it. */
  isHidden?: boolean;
};

/** Rows come in steps: a table of pairs of 200 models has 40 000 cells. */
export function FigureTableView({ table, caption, isHidden = false }: FigureTableViewProps) {
  const { columns, rows } = table;
  const step = Math.max(10, Math.floor(CELLS_A_STEP / columns.length));
  const [shownMax, setShownMax] = useState(step);
  const left = rows.length - shownMax;
  if (isHidden) return <PlainTable columns={columns} rows={rows} caption={caption} />;
  return (
    <>
      <section
        aria-label={`${caption}, table`}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reachable by keyboard.
        tabIndex={0}
        className="relative max-h-[70dvh] overflow-auto rounded-sm border-b border-line"
      >
        <PlainTable columns={columns} rows={rows.slice(0, shownMax)} caption={caption} />
      </section>
      {left > 0 && (
        <Button size="small" className="mt-3" onClick={() => setShownMax((shown) => shown + step)}>
          Show {countOf(Math.min(step, left), "more row")}
        </Button>
      )}
    </>
  );
}

function PlainTable({ columns, rows, caption }: FigureTable & { caption: string }) {
  return (
    <table className="numeric border-separate border-spacing-0 text-sm">
      <caption className="sr-only">{caption}</caption>
      <thead>
        <tr>
          {columns.map((column, index) => (
            <th
              key={column.label}
              scope="col"
              className={clsx(
                "sticky top-0 border-b border-line bg-paper py-2 pr-6 align-bottom text-xs font-medium text-ink-soft",
                index === 0 ? "left-0 z-20 text-left" : "z-10 text-right",
                column.isModel && "font-mono",
              )}
            >
              <span className="inline-block w-max max-w-32 break-words">{column.label}</span>
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => (
          <Row key={String(row[0])} row={row} columns={columns} />
        ))}
      </tbody>
    </table>
  );
}

type RowProps = { row: FigureTable["rows"][number]; columns: FigureTable["columns"] };

function Row({ row, columns }: RowProps) {
  const [first, ...rest] = columns;
  return (
    <tr>
      <th
        scope="row"
        className={clsx(
          "sticky left-0 border-b border-line bg-paper py-1.5 pr-6 text-left font-medium",
          first?.isModel && "font-mono",
        )}
      >
        <span className="block w-max max-w-36 break-words sm:max-w-72">
          {formatCell(row[0] ?? null, first)}
        </span>
      </th>
      {rest.map((column, index) => (
        <td key={column.label} className="border-b border-line py-1.5 pr-6 text-right">
          {formatCell(row[index + 1] ?? null, column)}
        </td>
      ))}
    </tr>
  );
}
