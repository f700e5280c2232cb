"use client";

import { useCallback, useEffect, useRef, useState } from "react";
import { isAnyStreaming, toBattleTurns } from "@/components/chat/turn-reducer";
import { type TurnStart, useGeneration } from "@/components/chat/use-generation";
import { requestJson, toRequestError } from "@/components/request-json";
import { paths } from "@/lib/paths";
import {
  type BattleView,
  battleViewSchema,
  type MessageView,
  type TurnEvent,
} from "@/lib/protocol/arena-view";
import { useVote } from "./use-vote";

type Standing = Pick<BattleView, "id" | "conversationId" | "vote" | "reveal">;
export type BattleOptions = {
  announce: (sentence: string) => void;
  /** The battle that will be opened first, so that its place is held from the first paint. */
  initialId: string | null;
};

/** One battle on the page: ask, follow up, stop, try a side again, vote, begin anew. */
export function useBattle({ announce, initialId }: BattleOptions) {
  const [battle, setBattle] = useState<Standing | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  const [isLoading, setIsLoading] = useState(initialId !== null);
  const battleId = useRef<string | null>(null);

  const read = useCallback(async (id: string): Promise<MessageView[]> => {
    const { messages, ...standing } = await requestJson(paths.api.battle(id), battleViewSchema);
    // Meanwhile the reader may have gone on to another battle.
    if (battleId.current === id) setBattle(standing);
    return messages;
  }, []);

  const generation = useGeneration({
    onStart: (event: TurnStart) => {
      if (event.battleId === null) return;
      battleId.current = event.battleId;
      setBattle((now) =>
        now?.id === event.battleId
          ? now
          : {
              id: event.battleId ?? "",
              conversationId: event.conversationId,
              vote: null,
              reveal: null,
            },
      );
      window.history.replaceState(null, "", paths.battleById(event.battleId));
    },
    onEvent: (event) => announceEnd(event, announce),
    load: async (start) => {
      const id = start?.battleId ?? battleId.current;
      return id === null ? null : read(id);
    },
  });
  const { replace, ask, settle } = generation;

  const open = useCallback(
    async (id: string) => {
      battleId.current = id;
      setProblem(null);
      setIsLoading(true);
      try {
        const messages = await read(id);
        if (battleId.current !== id) return;
        replace(messages);
        if (isAnyStreaming(messages)) await settle(null);
      } catch (error) {
        if (battleId.current === id) setProblem(toRequestError(error).message);
      } finally {
        setIsLoading(false);
      }
    },
    [read, replace, settle],
  );

  const clear = useCallback(() => {
    battleId.current = null;
    setBattle(null);
    setProblem(null);
    setIsLoading(false);
    replace([]);
  }, [replace]);

  function askPrompt(prompt: string) {
    const id = battleId.current;
    const isOver = battle?.vote != null;
    if (isOver) clear();
    const path = id === null || isOver ? paths.api.battles : paths.api.battleTurns(id);
    void ask({ path, body: { prompt }, prompt });
  }

  function retrySide(answerId: string) {
    if (battle) void ask({ path: paths.api.battleRetry(battle.id), body: { answerId } });
  }

  const { voteState, vote } = useVote({
    battle,
    messages: generation.messages,
    onCast: ({ messages, ...standing }) => {
      if (battleId.current !== standing.id) return;
      setBattle(standing);
      replace(messages);
    },
  });

  useEffect(() => {
    return () => {
      battleId.current = null;
    };
  }, []);

  return {
    ...generation,
    battle,
    voteState,
    problem,
    isLoading,
    open,
    clear,
    askPrompt,
    retrySide,
    vote,
  };
}

export type BattleControl = ReturnType<typeof useBattle>;

function announceEnd(event: TurnEvent, announce: (sentence: string) => void): void {
  if (event.type !== "answer-end" || event.answer.side === null) return;
  const side = event.answer.side.toUpperCase();
  const ends = { complete: "is complete", stopped: "was stopped", failed: "failed", streaming: "" };
  announce(`Answer ${side} ${ends[event.answer.status]}.`);
}
