"use client";

import { keepPreviousData, useQuery } from "@tanstack/react-query";
import type * as z from "zod";
import { requestChecked } from "@/components/request-json";

export type BoardReading<T> = {
  /** What is read, without the board's version. */
  queryKey: readonly unknown[];
  url: string;
  loadSchema: () => Promise<z.ZodType<T>>;
  /** Of the board that is shown: another one has other numbers. */
  fingerprint: string;
  isEnabled?: boolean;
};

/** Votes may come every second, and tables of pairs are the largest thing that a page reads. */
const READ_AGAIN_MS_MIN = 30_000;
/** What is no longer looked at is let go: one table of 200 models is over a megabyte. */
const KEPT_MS = 60_000;

/**
 * Numbers that belong to a board and are too many to be read with each of its votes: read again when the board
 * has changed, at most every READ_AGAIN_MS_MIN. The numbers before stay until the next are there.
 */
export function useBoardReading<T>(options: BoardReading<T>) {
  const { queryKey, url, loadSchema, fingerprint, isEnabled = true } = options;
  const query = useQuery({
    queryKey,
    queryFn: async ({ signal }) => ({
      of: fingerprint,
      read: await requestChecked(url, loadSchema(), { signal }),
    }),
    enabled: isEnabled,
    placeholderData: keepPreviousData,
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: KEPT_MS,
    refetchInterval: ({ state }) => {
      if (state.data === undefined || state.data.of === fingerprint) return false;
      const triedMs = Math.max(state.dataUpdatedAt, state.errorUpdatedAt);
      return Math.max(1_000, triedMs + READ_AGAIN_MS_MIN - Date.now());
    },
  });
  return { ...query, data: query.data?.read };
}
