"use client";

import { useState } from "react";
import { toBattleTurns } from "@/components/chat/turn-reducer";
import { requestJson, toRequestError } from "@/components/request-json";
import { paths } from "@/lib/paths";
import type { BattleView, MessageView, Outcome } from "@/lib/protocol/arena-view";

export type VoteOptions = {
  battle: Pick<BattleView, "id" | "vote"> | null;
  messages: readonly MessageView[];
  onCast: (view: BattleView) => void;
};

type Attempt = { battleId: string; sending: Outcome | null; problem: string | null };

/** Casts the vote on the newest turn. A problem belongs to its battle and is not shown on the next. */
export function useVote({ battle, messages, onCast }: VoteOptions) {
  const [attempt, setAttempt] = useState<Attempt | null>(null);
  const own = attempt?.battleId === battle?.id ? attempt : null;

  async function vote(outcome: Outcome) {
    const turn = toBattleTurns(messages).at(-1);
    if (!battle || battle.vote || own?.sending || !turn?.a || !turn.b) return;
    const battleId = battle.id;
    setAttempt({ battleId, sending: outcome, problem: null });
    try {
      const body = { outcome, answerAId: turn.a.id, answerBId: turn.b.id };
      onCast(
        await requestJson(paths.api.battleVote(battleId), (views) => views.battleViewSchema, {
          body,
        }),
      );
      setAttempt(null);
    } catch (error) {
      setAttempt({ battleId, sending: null, problem: toRequestError(error).message });
    }
  }

  const voteState = { sending: own?.sending ?? null, problem: own?.problem ?? null };
  return { voteState, vote };
}
