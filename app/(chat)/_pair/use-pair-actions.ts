"use client";

import { useMemo, useRef } from "react";
import type { Turn } from "@/components/chat/thread";
import type { Conversation } from "@/components/chat/use-conversation";
import type { Outcome } from "@/lib/protocol/arena-view";
import type { TurnActions } from "./pair-turn";

/** The actions of turns as one object that stays the same, so that rows without a change need no render. */
export function usePairActions(
  client: Conversation["client"],
  vote: (turn: Turn, outcome: Outcome) => void,
): TurnActions {
  const latest = useRef(vote);
  latest.current = vote;
  return useMemo(
    () => ({
      retry: (turn, answerId) => void client.answerAgain({ promptId: turn.prompt.id, answerId }),
      regenerate: (turn) => void client.answerAgain({ promptId: turn.prompt.id }),
      stop: (answerId) => void client.stop(answerId),
      showAttempt: (turn, number) => client.showAttempt(turn.prompt.id, number),
      showPrompt: client.showPrompt,
      edit: (turn, prompt) => void client.ask({ prompt, parentId: turn.prompt.parentId }),
      vote: (turn, outcome) => latest.current(turn, outcome),
    }),
    [client],
  );
}
