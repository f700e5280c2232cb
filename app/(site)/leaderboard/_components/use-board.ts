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

/** With new votes there may be new languages and published boards, and nobody waits for them. */
export function useChoices(initial: BoardChoices | null) {
  return useQuery({
    queryKey: ["board-choices"],
    queryFn: ({ signal }): Promise<BoardChoices> =>
      requestChecked(
        paths.api.leaderboardChoices,
        loadBoardViews().then((views) => views.boardChoicesSchema),
        { signal },
      ),
    ...(initial && { initialData: initial }),
    refetchInterval: CHOICES_INTERVAL_MS,
  });
}

const CHOICES_INTERVAL_MS = 60_000;

/** Ranks by the visitor's own votes, which change by what they do elsewhere: read anew when they come back. */
export function usePersonalBoard() {
  return useQuery({
    queryKey: ["board-mine"],
    queryFn: ({ signal }): Promise<PersonalBoard> =>
      requestChecked(
        paths.api.personalBoard,
        loadBoardViews().then((views) => views.personalBoardSchema),
        { signal },
      ),
  });
}
