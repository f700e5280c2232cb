"use client";

import { keepPreviousData, useQuery } from "@tanstack/react-query";
import type * as z from "zod";
import { requestChecked } from "@/components/request-json";
import { paths } from "@/lib/paths";
import { type BoardKey, boardKeyText } from "@/lib/protocol/board-key";
import type { PairTable } from "@/lib/protocol/board-view";
import { toBoardSearch } from "./board-search";

export type PairTableOptions = {
  boardKey: BoardKey;
  /** Of the board that is shown: another one has other pairs. */
  fingerprint?: string;
};

/** Who met whom on a board, and how it went. */
export function usePairTable({ boardKey, fingerprint = "" }: PairTableOptions) {
  return useQuery({
    queryKey: ["leaderboard-pairs", boardKeyText(boardKey), fingerprint],
    queryFn: ({ signal }) =>
      requestChecked(`${paths.api.leaderboardPairs}?${toBoardSearch(boardKey)}`, loadSchema(), {
        signal,
      }),
    placeholderData: keepPreviousData,
    staleTime: Number.POSITIVE_INFINITY,
  });
}

async function loadSchema(): Promise<z.ZodType<PairTable>> {
  const { pairTableSchema } = await import("@/lib/protocol/board-view");
  return pairTableSchema;
}
