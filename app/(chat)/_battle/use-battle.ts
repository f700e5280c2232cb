"use client";

import { useCallback, useRef, useState } from "react";
import { isAnyStreaming } from "@/components/chat/turn-reducer";
import { type TurnStart, useGeneration } from "@/components/chat/use-generation";
import { requestJson, toRequestError } from "@/components/request-json";
import { paths } from "@/lib/paths";
import type { BattleView, MessageView, TurnEvent } from "@/lib/protocol/arena-view";
import { useVote } from "./use-vote";

type Standing = Pick<BattleView, "id" | "conversationId" | "vote" | "reveal">;
export type BattleOptions = {
  announce: (sentence: string) => void;
  /** The battle that will be opened first, so that its place is held from the first paint. */
  initialId: string | null;
};

type Opening = { isLoading: boolean; problem: string | null };

const OPEN: Opening = { isLoading: false, problem: null };

function toStanding({ battleId, conversationId }: TurnStart): Standing {
  return { id: battleId ?? "", conversationId, vote: null, reveal: null };
}

function readBattle(id: string): Promise<BattleView> {
  return requestJson(paths.api.battle(id), (views) => views.battleViewSchema);
}

/** One battle on the page: ask, follow up, stop, try a side again, vote, begin anew. */
export function useBattle({ announce, initialId }: BattleOptions) {
  const [battle, setBattle] = useState<Standing | null>(null);
  const [opening, setOpening] = useState<Opening>({ isLoading: initialId !== null, problem: null });
  const battleId = useRef<string | null>(null);

  const read = useCallback(async (id: string): Promise<MessageView[]> => {
    const { messages, ...standing } = await readBattle(id);
    // Meanwhile the reader may have gone on to another battle.
    if (battleId.current === id) setBattle(standing);
    return messages;
  }, []);

  const generation = useGeneration({
    onStart: (event: TurnStart) => {
      if (event.battleId === null) return;
      battleId.current = event.battleId;
      setBattle((now) => (now?.id === event.battleId ? now : toStanding(event)));
      window.history.replaceState(null, "", paths.battleById(event.battleId));
    },
    onEvent: (event) => announceEnd(event, announce),
    load: async () => (battleId.current === null ? null : read(battleId.current)),
  });
  const { replace, ask, settle } = generation;

  const open = useCallback(
    async (id: string) => {
      battleId.current = id;
      setOpening({ isLoading: true, problem: null });
      try {
        const messages = await read(id);
        if (battleId.current !== id) return;
        replace(messages);
        setOpening(OPEN);
        if (isAnyStreaming(messages)) await settle(null);
      } catch (error) {
        const problem = toRequestError(error).message;
        if (battleId.current === id) setOpening({ isLoading: false, problem });
      }
    },
    [read, replace, settle],
  );

  const clear = useCallback(() => {
    battleId.current = null;
    setBattle(null);
    setOpening(OPEN);
    replace([]);
  }, [replace]);

  function askPrompt(prompt: string) {
    const id = battleId.current;
    const isOver = battle?.vote != null;
    if (isOver) clear();
    const path = id === null || isOver ? paths.api.battles : paths.api.battleTurns(id);
    void ask({ path, body: { prompt }, prompt });
  }

  const retrySide = (answerId: string) =>
    battle && void ask({ path: paths.api.battleRetry(battle.id), body: { answerId } });

  const { voteState, vote } = useVote({
    battle,
    messages: generation.messages,
    onCast: ({ messages, ...standing }) => {
      if (battleId.current !== standing.id) return;
      setBattle(standing);
      replace(messages);
    },
  });

  return {
    ...generation,
    battle,
    voteState,
    ...opening,
    open,
    clear,
    askPrompt,
    retrySide,
    vote,
  };
}

function announceEnd(event: TurnEvent, announce: (sentence: string) => void): void {
  if (event.type !== "answer-end" || event.answer.side === null) return;
  const side = event.answer.side.toUpperCase();
  const ends = { complete: "is complete", stopped: "was stopped", failed: "failed", streaming: "" };
  announce(`Answer ${side} ${ends[event.answer.status]}.`);
}
