"use client";

import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { withQuery } from "@/components/board/board-address";
import { loadBoardViews } from "@/components/load-board-views";
import { toBoardSearch } from "@/components/plots/board-search";
import { requestChecked } from "@/components/request-json";
import { PAGE_REFRESH_INTERVAL_SHORT_MS } from "@/lib/limits";
import { paths } from "@/lib/paths";
import { type BoardKey, boardKeyText } from "@/lib/protocol/board-key";
import type { BoardChoices, BoardView, PersonalBoard } from "@/lib/protocol/board-view";

/**
 * The board, asked for again and again while the page is seen: the server knows by its tag whether anything
 * changed, and answers without reading a row where nothing did. The board before stays until the next is there.
 */
export function useBoard(key: BoardKey, initial: BoardView | null) {
  const text = boardKeyText(key);
  return useQuery({
    queryKey: ["board", text],
    queryFn: ({ signal }): Promise<BoardView> =>
      requestChecked(
        withQuery(paths.api.leaderboard, toBoardSearch(key)),
        loadBoardViews().then((views) => views.boardViewSchema),
        { signal },
      ),
    ...(initial && boardKeyText(initial.key) === text && { initialData: initial }),
    placeholderData: keepPreviousData,
    refetchInterval: PAGE_REFRESH_INTERVAL_SHORT_MS,
  });
}

/** @param version of the board: with new votes there may be new languages */
export function useChoices(initial: BoardChoices | null, version: string) {
  return useQuery({
    queryKey: ["board-choices", version],
    queryFn: ({ signal }): Promise<BoardChoices> =>
      requestChecked(
        paths.api.leaderboardChoices,
        loadBoardViews().then((views) => views.boardChoicesSchema),
        { signal },
      ),
    placeholderData: (last) => last ?? initial ?? undefined,
    staleTime: Number.POSITIVE_INFINITY,
  });
}

/** Ranks by the visitor's own votes. */
export function usePersonalBoard(version: string) {
  return useQuery({
    queryKey: ["board-mine", version],
    queryFn: ({ signal }): Promise<PersonalBoard> =>
      requestChecked(
        paths.api.personalBoard,
        loadBoardViews().then((views) => views.personalBoardSchema),
        { signal },
      ),
    placeholderData: keepPreviousData,
    staleTime: Number.POSITIVE_INFINITY,
  });
}
