"use client";

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { send, toRequestError } from "@/components/request-json";
import { PAGE_REFRESH_INTERVAL_MS, PAGE_REFRESH_INTERVAL_SHORT_MS } from "@/lib/limits";
import { paths } from "@/lib/paths";
import type { BoardKey } from "@/lib/protocol/board-key";
import { useAdminQuery } from "../admin-reading";

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
  const client = useQueryClient();
  const { mutate, isPending, error } = useMutation({
    mutationFn: (body: NewBoard) => send(paths.api.adminBoards, { method: "POST", body }),
    onSettled: () => client.invalidateQueries({ queryKey: QUERY }),
  });
  return { mutate, isPending, problem: error ? toRequestError(error).message : null };
}

export function useRemoval() {
  const client = useQueryClient();
  const { mutate, isPending, error } = useMutation({
    mutationFn: ({ id, reason }: { id: string; reason: string }) =>
      send(paths.api.adminBoard(id), { method: "DELETE", body: { reason } }),
    onSettled: () => client.invalidateQueries({ queryKey: QUERY }),
  });
  return { mutate, isPending, problem: error ? toRequestError(error).message : null };
}
