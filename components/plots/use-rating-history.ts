"use client";

import { keepPreviousData, useQuery } from "@tanstack/react-query";
import type * as z from "zod";
import { requestChecked } from "@/components/request-json";
import { paths } from "@/lib/paths";
import { type BoardKey, boardKeyText } from "@/lib/protocol/board-key";
import type { RatingHistory } from "@/lib/protocol/board-view";
import { toBoardSearch } from "./board-search";

export type RatingHistoryOptions = {
  boardKey: BoardKey;
  models: readonly string[];
  /** Of the board that is shown: another one may have another last day. */
  fingerprint?: string;
};

/** Scores by day of some models of a board. Nothing is asked while there is no model. */
export function useRatingHistory({ boardKey, models, fingerprint = "" }: RatingHistoryOptions) {
  return useQuery({
    queryKey: ["leaderboard-history", boardKeyText(boardKey), models, fingerprint],
    queryFn: ({ signal }) => {
      const search = toBoardSearch(boardKey);
      search.set("models", models.join(","));
      return requestChecked(`${paths.api.leaderboardHistory}?${search}`, loadSchema(), { signal });
    },
    enabled: models.length > 0,
    placeholderData: keepPreviousData,
    staleTime: Number.POSITIVE_INFINITY,
  });
}

async function loadSchema(): Promise<z.ZodType<RatingHistory>> {
  const { ratingHistorySchema } = await import("@/lib/protocol/board-view");
  return ratingHistorySchema;
}
