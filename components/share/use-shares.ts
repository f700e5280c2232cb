"use client";

import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { paths } from "@/lib/paths";
import { requestChecked, send } from "../request-json";

// Beside the first request, as the other shapes (load-views.ts).
const load = () => import("@/lib/protocol/share");

export type Shared = { conversationId: string; leafId?: string | undefined };

const keyOf = ({ conversationId, leafId }: Shared) => ["shares", conversationId, leafId ?? null];

/** What would be published of a conversation, and what is. */
export function useSharePreview(shared: Shared) {
  const { conversationId, leafId } = shared;
  const search = leafId === undefined ? "" : `?leafId=${leafId}`;
  return useQuery({
    queryKey: keyOf(shared),
    queryFn: ({ signal }) =>
      requestChecked(
        `${paths.api.conversationShares(conversationId)}${search}`,
        load().then((it) => it.sharePreviewSchema),
        { signal },
      ),
    // What is published is what is seen: asked for anew each time the dialog opens.
    gcTime: 0,
    retry: false,
  });
}

export function usePublish(shared: Shared) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({ digest, mayBeFound }: { digest: string; mayBeFound: boolean }) =>
      requestChecked(
        paths.api.conversationShares(shared.conversationId),
        load().then((it) => it.standingShareSchema),
        { body: { digest, mayBeFound, ...(shared.leafId && { leafId: shared.leafId }) } },
      ),
    onSettled: () => client.invalidateQueries({ queryKey: ["shares"] }),
  });
}

export function useRevoke() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: async (id: string) => {
      await send(paths.api.share(id), { method: "DELETE" });
    },
    onSettled: () => client.invalidateQueries({ queryKey: ["shares"] }),
  });
}
