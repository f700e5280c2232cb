"use client";

import { useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { PROMPT_CHARACTERS_MAX, TOKEN_COUNT_DELAY_MS } from "@/lib/limits";
import { paths } from "@/lib/paths";
import type { TokenCountReply } from "@/lib/protocol/arena-view";
import { requestJson } from "../request-json";

export type TokenCountOptions = {
  prompt: string;
  model?: string | undefined;
  conversationId?: string | undefined;
  /** Of a chat: the answer that the prompt follows. */
  parentId?: string | undefined;
  system?: string | undefined;
};

/** How much of the context this prompt would take, once typing pauses. Null until known. */
export function useTokenCount(options: TokenCountOptions): TokenCountReply | null {
  const { prompt, model, conversationId, parentId, system } = options;
  const [settled, setSettled] = useState("");
  useEffect(() => {
    const timer = setTimeout(() => setSettled(prompt), TOKEN_COUNT_DELAY_MS);
    return () => clearTimeout(timer);
  }, [prompt]);
  const { data } = useQuery({
    queryKey: ["token-count", settled, model, conversationId, parentId, system],
    queryFn: ({ signal }) =>
      requestJson(paths.api.tokenCount, (views) => views.tokenCountReplySchema, {
        body: {
          prompt: settled,
          ...(model && { model }),
          ...(conversationId && { conversationId }),
          ...(parentId && { parentId }),
          ...(system && { system }),
        },
        signal,
      }),
    enabled: settled.trim() !== "" && settled.length <= PROMPT_CHARACTERS_MAX,
    retry: false,
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 30_000,
  });
  return settled === prompt ? (data ?? null) : null;
}
