"use client";

import { paths } from "@/lib/paths";
import { type BoardKey, boardKeyText } from "@/lib/protocol/board-key";
import { toBoardSearch } from "./board-search";
import { useBoardReading } from "./use-board-reading";

export type OpponentsOptions = {
  boardKey: BoardKey;
  model: string;
  /** Of the board that is shown. */
  fingerprint?: string;
};

/** Whom one model met on a board, and how it went. */
export function useOpponents({ boardKey, model, fingerprint = "" }: OpponentsOptions) {
  const search = toBoardSearch(boardKey);
  search.set("model", model);
  return useBoardReading({
    queryKey: ["leaderboard-opponents", boardKeyText(boardKey), model],
    url: `${paths.api.leaderboardPairs}?${search}`,
    loadSchema: () => import("@/lib/protocol/board-view").then((it) => it.opponentListSchema),
    fingerprint,
  });
}
