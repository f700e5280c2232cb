"use client";

import { useQuery } from "@tanstack/react-query";
import { Search } from "lucide-react";
import Link from "next/link";
import { useState } from "react";
import { countOf, formatDate } from "@/components/format";
import { requestJson, toRequestError } from "@/components/request-json";
import { Button, buttonClass } from "@/components/ui/button";
import { Notice } from "@/components/ui/notice";
import { Skeleton } from "@/components/ui/skeleton";
import { PAGE_REFRESH_INTERVAL_MS } from "@/lib/limits";
import { paths } from "@/lib/paths";
import type { LeaderboardView } from "@/lib/protocol/arena-view";
import { BoardTable } from "./board-table";

/** Fewer rows than this are found by eye. */
const SEARCH_FROM_ROWS = 8;

export type BoardViewProps = { initial: LeaderboardView | null };

export function BoardView({ initial }: BoardViewProps) {
  const [search, setSearch] = useState("");
  const { data, error, refetch, isPending } = useQuery({
    queryKey: ["leaderboard"],
    queryFn: ({ signal }) =>
      requestJson(paths.api.leaderboard, (views) => views.leaderboardViewSchema, { signal }),
    ...(initial && { initialData: initial }),
    refetchInterval: PAGE_REFRESH_INTERVAL_MS,
  });

  if (isPending) return <BoardSkeleton />;
  if (!data) {
    return (
      <Notice
        tone="danger"
        action={
          <Button size="small" onClick={() => void refetch()}>
            Try again
          </Button>
        }
      >
        The board could not be read. {toRequestError(error).message} Every vote is kept.
      </Notice>
    );
  }
  if (data.entries.length === 0) return <NoVotes />;
  return (
    <>
      <div className="mb-4 flex min-h-11 flex-wrap items-center justify-between gap-x-6 gap-y-3">
        <p className="numeric text-sm text-ink-soft">
          {countOf(data.voteCount, "vote")} on {countOf(data.entries.length, "model")}
          {data.computedAt && (
            <>
              , computed{" "}
              <time dateTime={data.computedAt} suppressHydrationWarning>
                {formatDate(new Date(data.computedAt))}
              </time>
            </>
          )}
          {error ? ". The newest votes could not be read; this is the last board." : null}
        </p>
        {(data.entries.length >= SEARCH_FROM_ROWS || search !== "") && (
          <SearchField value={search} onChange={setSearch} />
        )}
      </div>
      <BoardTable entries={data.entries} search={search} />
      {data.voteCount === 0 && (
        <p className="mt-6 text-sm text-ink-soft">
          Nobody has voted yet.{" "}
          <Link
            href={paths.battle}
            prefetch={false}
            className="text-accent underline underline-offset-4"
          >
            Cast the first vote
          </Link>
        </p>
      )}
    </>
  );
}

type SearchFieldProps = { value: string; onChange: (value: string) => void };

function SearchField({ value, onChange }: SearchFieldProps) {
  return (
    <label className="relative block">
      <span className="sr-only">Find a model</span>
      <Search
        size={16}
        strokeWidth={1.5}
        aria-hidden="true"
        className="absolute top-1/2 left-3 -translate-y-1/2 text-ink-soft"
      />
      <input
        type="search"
        value={value}
        onChange={(event) => onChange(event.target.value)}
        placeholder="Find a model"
        className="h-9 w-56 rounded-md border border-line-strong bg-surface pr-3 pl-9 text-sm placeholder:text-ink-soft pointer-coarse:h-11"
      />
    </label>
  );
}

function NoVotes() {
  return (
    <div className="border-t border-line py-18">
      <p className="font-display text-xl">No vote yet.</p>
      <p className="mt-3 max-w-[60ch] text-ink-soft">
        The board is made of votes in battles. The first one puts two models on it.
      </p>
      <p className="mt-8">
        <Link href={paths.battle} prefetch={false} className={buttonClass({ variant: "primary" })}>
          Start a battle
        </Link>
      </p>
    </div>
  );
}

function BoardSkeleton() {
  return (
    <div role="status" aria-label="Loading the board">
      <Skeleton className="mb-8 h-4 w-64" />
      {["first", "second", "third", "fourth"].map((row) => (
        <div key={row} className="flex h-12 items-center gap-6 border-b border-line">
          <Skeleton className="h-4 w-6" />
          <Skeleton className="h-4 w-28" />
          <Skeleton className="h-1 flex-1" />
          <Skeleton className="h-4 w-24" />
        </div>
      ))}
    </div>
  );
}
