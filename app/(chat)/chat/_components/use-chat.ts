"use client";

import { useCallback, useEffect, useRef, useState } from "react";
import { isAnyStreaming, toChatPath } from "@/components/chat/turn-reducer";
import { useGeneration } from "@/components/chat/use-generation";
import { requestJson, toRequestError } from "@/components/request-json";
import { paths } from "@/lib/paths";
import type { TurnEvent } from "@/lib/protocol/arena-view";

export type ChatOptions = { announce: (sentence: string) => void; initialId: string | null };

/** One conversation with one model: ask, stop, regenerate, switch between the answers to a question. */
export function useChat({ announce, initialId }: ChatOptions) {
  const [chat, setChat] = useState<{ id: string; model: string } | null>(null);
  const [chosen, setChosen] = useState<Record<string, string>>({});
  const [problem, setProblem] = useState<string | null>(null);
  const [isLoading, setIsLoading] = useState(initialId !== null);
  const chatId = useRef<string | null>(null);
  const askedModel = useRef("");

  const read = useCallback(async (id: string) => {
    const { messages, ...standing } = await requestJson(
      paths.api.conversation(id),
      (views) => views.chatViewSchema,
    );
    if (chatId.current === id) setChat(standing);
    return messages;
  }, []);

  const generation = useGeneration({
    onStart: (event) => {
      const id = event.conversationId;
      chatId.current = id;
      setChat((now) => now ?? { id, model: askedModel.current });
      // A new answer to an old question is the one to look at.
      setChosen(({ [event.prompt.id]: _, ...rest }) => rest);
      window.history.replaceState(null, "", paths.chatById(id));
    },
    onEvent: (event: TurnEvent) => {
      if (event.type !== "answer-end") return;
      announce(event.answer.status === "failed" ? "The answer failed." : "The answer is complete.");
    },
    load: async () => (chatId.current === null ? null : read(chatId.current)),
  });
  const { replace, settle, ask } = generation;

  const open = useCallback(
    async (id: string) => {
      chatId.current = id;
      try {
        const messages = await read(id);
        replace(messages);
        if (isAnyStreaming(messages)) await settle(null);
      } catch (error) {
        setProblem(toRequestError(error).message);
      } finally {
        setIsLoading(false);
      }
    },
    [read, replace, settle],
  );
  useEffect(() => {
    if (initialId) void open(initialId);
  }, [initialId, open]);

  const turns = toChatPath(generation.messages, chosen);

  function askPrompt(prompt: string, model: string) {
    askedModel.current = model;
    const parentId = turns.at(-1)?.answer?.id;
    if (chatId.current === null) {
      void ask({ path: paths.api.conversations, body: { model, prompt }, prompt });
    } else {
      const body = { prompt, ...(parentId && { parentId }) };
      void ask({ path: paths.api.conversationTurns(chatId.current), body, prompt });
    }
  }

  function regenerate(answerId: string) {
    if (chatId.current === null) return;
    void ask({ path: paths.api.conversationRegenerate(chatId.current), body: { answerId } });
  }

  const switchTo = (promptId: string, answerId: string) =>
    setChosen((now) => ({ ...now, [promptId]: answerId }));

  function clear() {
    chatId.current = null;
    setChat(null);
    setChosen({});
    setProblem(null);
    replace([]);
  }

  return { ...generation, turns, chat, problem, isLoading, askPrompt, regenerate, switchTo, clear };
}
