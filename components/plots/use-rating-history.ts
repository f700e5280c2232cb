"use client";

import { paths } from "@/lib/paths";
import { type BoardKey, boardKeyText } from "@/lib/protocol/board-key";
import { toBoardSearch } from "./board-search";
import { useBoardReading } from "./use-board-reading";

export type RatingHistoryOptions = {
  boardKey: BoardKey;
  models: readonly string[];
  /** Of the board that is shown: another one may have another last day. */
  fingerprint?: string;
};

/** Scores by day of some models of a board. Nothing is asked while there is no model. */
export function useRatingHistory({ boardKey, models, fingerprint = "" }: RatingHistoryOptions) {
  const search = toBoardSearch(boardKey);
  for (const model of models) search.append("model", model);
  return useBoardReading({
    queryKey: ["leaderboard-history", boardKeyText(boardKey), models],
    url: `${paths.api.leaderboardHistory}?${search}`,
    loadSchema: () => import("@/lib/protocol/board-view").then((it) => it.ratingHistorySchema),
    fingerprint,
    isEnabled: models.length > 0,
  });
}
