"use client";

import { useMemo, useRef } from "react";
import type { Turn } from "@/components/chat/thread";
import type { Conversation } from "@/components/chat/use-conversation";
import type { Outcome } from "@/lib/protocol/arena-view";
import type { TurnBody } from "@/lib/protocol/conversation-view";
import type { TurnActions } from "./pair-turn";

export type PairActionOptions = {
  client: Conversation["client"];
  vote: (turn: Turn, outcome: Outcome) => void;
  ask: (body: TurnBody) => void;
  giveReasons: TurnActions["giveReasons"];
};

/** The actions of turns as one object that stays the same, so that rows without a change need no render. */
export function usePairActions(options: PairActionOptions): TurnActions {
  const { client } = options;
  const latest = useRef(options);
  latest.current = options;
  return useMemo(
    () => ({
      retry: (turn, answerId) => void client.answerAgain({ promptId: turn.prompt.id, answerId }),
      regenerate: (turn) => void client.answerAgain({ promptId: turn.prompt.id }),
      stop: (answerId) => void client.stop(answerId),
      showAttempt: (turn, number) => client.showAttempt(turn.prompt.id, number),
      showPrompt: client.showPrompt,
      edit: (turn, prompt) => latest.current.ask({ prompt, parentId: turn.prompt.parentId }),
      giveReasons: (vote, reasons) => latest.current.giveReasons(vote, reasons),
      vote: (turn, outcome) => latest.current.vote(turn, outcome),
    }),
    [client],
  );
}
