"use client";

import { send } from "@/components/request-json";
import { PAGE_REFRESH_INTERVAL_MS, PAGE_REFRESH_INTERVAL_SHORT_MS } from "@/lib/limits";
import { paths } from "@/lib/paths";
import type { BoardKey } from "@/lib/protocol/board-key";
import { useAdminQuery } from "../admin-reading";
import { useAdminChange } from "../use-admin-change";

const QUERY = ["admin-boards"];

const loadViews = () => import("@/lib/protocol/published-view");

/** Published boards and publications; asked for often while one is under way. */
export function useBoards() {
  return useAdminQuery({
    ...{ queryKey: QUERY, path: paths.api.adminBoards },
    loadSchema: () => loadViews().then((views) => views.adminBoardsSchema),
    refetchInterval: (last) =>
      last?.publications.some(({ state }) => state === "running")
        ? PAGE_REFRESH_INTERVAL_SHORT_MS
        : PAGE_REFRESH_INTERVAL_MS,
  });
}

export type NewBoard = BoardKey & { title: string };

export function usePublish() {
  return useAdminChange({
    queryKey: QUERY,
    change: (body: NewBoard, signal) => send(paths.api.adminBoards, { body, signal }),
  });
}

export function useRemoval() {
  return useAdminChange({
    queryKey: QUERY,
    change: ({ id, reason }: { id: string; reason: string }, signal) =>
      send(paths.api.adminBoard(id), { method: "DELETE", body: { reason }, signal }),
  });
}
