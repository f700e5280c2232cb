"use client";

import { type UseQueryResult, useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import type * as z from "zod";
import { requestChecked } from "@/components/request-json";
import { Skeleton } from "@/components/ui/skeleton";
import { PAGE_REFRESH_INTERVAL_MS } from "@/lib/limits";
import { isSignedOut, UnreadableNotice } from "./unreadable-notice";

export type AdminQuery<T> = {
  queryKey: readonly unknown[];
  path: string;
  /** Loaded beside the reply. */
  loadSchema: () => Promise<z.ZodType<T>>;
  refetchInterval?: number | ((last: T | undefined) => number);
};

/** What a page for keepers shows, asked for again and again. */
export function useAdminQuery<T>(query: AdminQuery<T>): UseQueryResult<T> {
  const { queryKey, path, loadSchema, refetchInterval = PAGE_REFRESH_INTERVAL_MS } = query;
  return useQuery<T>({
    queryKey,
    queryFn: ({ signal }) => requestChecked(path, loadSchema(), { signal }),
    refetchInterval: ({ state }) =>
      typeof refetchInterval === "number" ? refetchInterval : refetchInterval(state.data),
    retry: false,
  });
}

export type AdminReadingProps<T> = {
  /** What is shown, as the beginning of a sentence: "The workers". */
  what: string;
  query: UseQueryResult<T>;
  children: (data: T) => ReactNode;
};

/** What was read; until then its outline, and in its place why there is nothing. */
export function AdminReading<T>({ what, query, children }: AdminReadingProps<T>) {
  const { data, error, isPending, refetch } = query;
  if (isPending) return <ListSkeleton what={what} />;
  if (data === undefined || (error && isSignedOut(error))) {
    return <UnreadableNotice what={what} error={error} onRetry={() => void refetch()} />;
  }
  return (
    <>
      <p role="status" className="mb-4 text-sm text-ink-soft empty:hidden">
        {error ? "The newest state could not be read." : null}
      </p>
      {children(data)}
    </>
  );
}

function ListSkeleton({ what }: { what: string }) {
  return (
    <div role="status" aria-label={`Loading ${what.charAt(0).toLowerCase()}${what.slice(1)}`}>
      <Skeleton className="mb-8 h-4 w-80" />
      {["first", "second", "third"].map((row) => (
        <div key={row} className="flex h-16 items-center gap-8 border-b border-line">
          <Skeleton className="h-4 w-32" />
          <Skeleton className="h-4 w-40" />
          <Skeleton className="h-4 flex-1" />
        </div>
      ))}
    </div>
  );
}
