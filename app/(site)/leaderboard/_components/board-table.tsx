"use client";

import clsx from "clsx";
import { ArrowDown, ArrowUp } from "lucide-react";
import { useState } from "react";
import { formatCount, formatLicence } from "@/components/format";
import type { LeaderboardEntry } from "@/lib/protocol/arena-view";
import { Interval, ScaleTicks } from "./interval";
import { type RatingScale, toRatingScale } from "./rating-scale";
import {
  filterEntries,
  nextSorting,
  type Sorting,
  type SortKey,
  sortEntries,
} from "./sort-entries";

export type BoardTableProps = { entries: readonly LeaderboardEntry[]; search: string };

const COUNTS: readonly { key: SortKey; label: string }[] = [
  { key: "votes", label: "Votes" },
  { key: "wins", label: "Won" },
  { key: "losses", label: "Lost" },
  { key: "ties", label: "Tied" },
];

/** The table is the plot: every row draws its interval on one scale. */
export function BoardTable({ entries, search }: BoardTableProps) {
  const [sorting, setSorting] = useState<Sorting>({ key: "rank", isDescending: false });
  const scale = toRatingScale(entries);
  const rows = sortEntries(filterEntries(entries, search), sorting);
  const onSort = (key: SortKey) => setSorting(nextSorting(sorting, key));
  return (
    <section
      aria-label="Leaderboard, scrolls sideways on a small screen"
      // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls sideways has to be reachable by keyboard.
      tabIndex={0}
      className="-mx-4 overflow-x-auto px-4 sm:mx-0 sm:px-0"
    >
      <table className="numeric w-full min-w-[820px] border-separate border-spacing-0 text-sm">
        <thead>
          <tr>
            <Head sortKey="rank" label="Rank" sorting={sorting} onSort={onSort} isNumber />
            <Head sortKey="model" label="Model" sorting={sorting} onSort={onSort} isSticky />
            <ScoreHead scale={scale} sorting={sorting} onSort={onSort} />
            {COUNTS.map(({ key, label }) => (
              <Head
                key={key}
                sortKey={key}
                label={label}
                sorting={sorting}
                onSort={onSort}
                isNumber
              />
            ))}
            <th
              scope="col"
              className={clsx(CELL, "pl-6 text-left text-xs font-medium text-ink-soft")}
            >
              Licence
            </th>
          </tr>
        </thead>
        <tbody>
          {rows.map((entry) => (
            <tr key={entry.model} className="group">
              <td className={clsx(CELL, "w-12 text-right text-ink-soft")}>{entry.rank ?? "–"}</td>
              <th
                scope="row"
                className={clsx(CELL, STICKY, "font-mono font-medium whitespace-nowrap")}
              >
                {entry.model}
              </th>
              <td className="border-b border-line pr-8 pl-4">
                <Interval entry={entry} scale={scale} />
              </td>
              {COUNTS.map(({ key }) => (
                <td key={key} className={clsx(CELL, "text-right")}>
                  {formatCount(Number(entry[key] ?? 0))}
                </td>
              ))}
              <td className={clsx(CELL, "pl-6 whitespace-nowrap text-ink-soft")}>
                {entry.licence ? formatLicence(entry.licence) : "not stated"}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {rows.length === 0 && (
        <p className="py-8 text-sm text-ink-soft">No model’s name contains “{search}”.</p>
      )}
    </section>
  );
}

const CELL = "border-b border-line py-3 pr-3";
const STICKY = "sticky left-0 z-10 bg-paper pl-4 text-left";

type HeadProps = {
  sortKey: SortKey;
  label: string;
  sorting: Sorting;
  onSort: (key: SortKey) => void;
  isNumber?: boolean;
  isSticky?: boolean;
};

function Head({ sortKey, label, sorting, onSort, isNumber, isSticky }: HeadProps) {
  return (
    <th
      scope="col"
      aria-sort={toAriaSort(sorting, sortKey)}
      className={clsx(CELL, "text-xs", isNumber ? "text-right" : "text-left", isSticky && STICKY)}
    >
      <SortButton label={label} sortKey={sortKey} sorting={sorting} onSort={onSort} />
    </th>
  );
}

type ScoreHeadProps = Pick<HeadProps, "sorting" | "onSort"> & { scale: RatingScale | undefined };

function ScoreHead({ scale, sorting, onSort }: ScoreHeadProps) {
  return (
    <th
      scope="col"
      aria-sort={toAriaSort(sorting, "rating")}
      className="w-1/2 border-b border-line py-3 pr-8 pl-4 text-left text-xs"
    >
      <span className="grid grid-cols-[9.5rem_minmax(9rem,1fr)] items-center gap-x-4">
        <SortButton label="Score and interval" sortKey="rating" sorting={sorting} onSort={onSort} />
        {scale && <ScaleTicks scale={scale} />}
      </span>
    </th>
  );
}

function SortButton({ label, sortKey, sorting, onSort }: HeadProps) {
  const isActive = sorting.key === sortKey;
  const Icon = sorting.isDescending ? ArrowDown : ArrowUp;
  return (
    <button
      type="button"
      onClick={() => onSort(sortKey)}
      className={clsx(
        "relative inline-flex items-center gap-1 rounded-sm font-medium whitespace-nowrap after:absolute after:-inset-x-1 after:-inset-y-3",
        isActive ? "text-ink" : "text-ink-soft hover:text-ink",
      )}
    >
      {label}
      {isActive && <Icon size={12} strokeWidth={2} aria-hidden="true" />}
    </button>
  );
}

function toAriaSort(sorting: Sorting, key: SortKey) {
  if (sorting.key !== key) return undefined;
  return sorting.isDescending ? "descending" : "ascending";
}
