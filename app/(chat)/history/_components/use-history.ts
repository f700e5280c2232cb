"use client";

import { useInfiniteQuery, useMutation, useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { loadConversationViews } from "@/components/load-conversation-views";
import { requestChecked, send, toRequestError } from "@/components/request-json";
import { paths } from "@/lib/paths";

const KEY = ["history"];
/** A pause in typing that is worth a search. */
const SEARCH_DELAY_MS = 250;

/** The visitor's conversations, page by page; with words those in which they are found. */
export function useHistory(query: string) {
  return useInfiniteQuery({
    queryKey: [...KEY, query],
    queryFn: ({ pageParam, signal }) => {
      const search = new URLSearchParams({
        ...(query !== "" && { query }),
        ...(pageParam !== null && { cursor: pageParam }),
      });
      return requestChecked(
        `${paths.api.conversations}${search.size > 0 ? `?${search}` : ""}`,
        loadConversationViews().then((it) => it.conversationListSchema),
        { signal },
      );
    },
    initialPageParam: null as string | null,
    getNextPageParam: ({ cursor }) => cursor,
    // While words are typed the last list stays.
    placeholderData: (before) => before,
  });
}

export function useRename() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: async ({ id, title }: { id: string; title: string | null }) => {
      await send(paths.api.conversation(id), { method: "PATCH", body: { title } });
    },
    onSettled: () => client.invalidateQueries({ queryKey: KEY }),
  });
}

export function useDelete() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: async (id: string) => {
      await send(paths.api.conversation(id), { method: "DELETE" }).catch((error: unknown) => {
        // Deleted in another tab: as was wanted.
        if (toRequestError(error).code !== "not-found") throw error;
      });
    },
    onSettled: () => client.invalidateQueries({ queryKey: KEY }),
  });
}

export function useDeleteEverything() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: async () => {
      await send(paths.api.visitor, { method: "DELETE" });
    },
    // The terms too: whoever comes next in this browser is somebody else.
    onSettled: () => client.invalidateQueries(),
  });
}

/** What was typed once nothing was for a moment. */
export function useSettled(typed: string): string {
  const [settled, setSettled] = useState(typed);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(typed.trim()), SEARCH_DELAY_MS);
    return () => clearTimeout(timer);
  }, [typed]);
  return settled;
}
