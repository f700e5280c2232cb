"use client";

import { paths } from "@/lib/paths";
import { type BoardKey, boardKeyText } from "@/lib/protocol/board-key";
import { toBoardSearch } from "./board-search";
import { useBoardReading } from "./use-board-reading";

export type PairTableOptions = {
  boardKey: BoardKey;
  /** Of the board that is shown. */
  fingerprint?: string;
};

/** Who met whom on a board, and how it went. */
export function usePairTable({ boardKey, fingerprint = "" }: PairTableOptions) {
  return useBoardReading({
    queryKey: ["leaderboard-pairs", boardKeyText(boardKey)],
    url: `${paths.api.leaderboardPairs}?${toBoardSearch(boardKey)}`,
    loadSchema: () => import("@/lib/protocol/board-view").then((views) => views.pairTableSchema),
    fingerprint,
  });
}
