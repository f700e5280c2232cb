"use client";

import Link from "next/link";
import type { BoardTableRow } from "@/components/board/board-columns";
import { countOf, formatCount } from "@/components/format";
import { paths } from "@/lib/paths";
import type { BoardKey } from "@/lib/protocol/board-key";
import { RowStory } from "../_figures/row-story";

export type RowDetailProps = { row: BoardTableRow; boardKey: BoardKey; fingerprint: string };

/** What stands behind one row: its votes, its score over time, against whom it does best and worst. */
export function RowDetail({ row, boardKey, fingerprint }: RowDetailProps) {
  return (
    <div className="space-y-6 whitespace-normal">
      <div className="flex flex-wrap items-center gap-x-8 gap-y-3">
        {row.rating !== null && row.lower !== null && row.upper !== null && (
          <p className="numeric">
            Score {formatCount(row.rating)}, 95 % interval {formatCount(row.lower)} to{" "}
            {formatCount(row.upper)}
          </p>
        )}
        <Tally row={row} />
        <Link
          href={paths.model(row.slug)}
          prefetch={false}
          className="text-accent underline underline-offset-4"
        >
          All about <bdi className="[overflow-wrap:anywhere]">{row.model}</bdi>
        </Link>
      </div>
      <RowStory boardKey={boardKey} model={row.model} fingerprint={fingerprint} />
    </div>
  );
}

/** Won, tied and lost as parts of one line; the words beside it say the same. */
function Tally({ row: { votes, wins, losses, ties } }: Pick<RowDetailProps, "row">) {
  if (votes === 0) return <p className="text-ink-soft">No counted vote yet.</p>;
  const part = (count: number) => ({ flexGrow: count });
  return (
    <>
      <p>
        {countOf(votes, "vote")}: {formatCount(wins)} won, {formatCount(ties)} tied,{" "}
        {formatCount(losses)} lost
      </p>
      <div aria-hidden="true" className="flex h-1.5 w-40 gap-px overflow-hidden rounded-full">
        <span className="bg-ink" style={part(wins)} />
        <span className="bg-line-strong" style={part(ties)} />
        <span className="bg-line" style={part(losses)} />
      </div>
    </>
  );
}
