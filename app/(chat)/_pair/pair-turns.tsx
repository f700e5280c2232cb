"use client";

import { lazy, Suspense } from "react";
import type { Turn } from "@/components/chat/thread";
import { TurnList } from "@/components/chat/turn-list";
import type { PairReveal, PairVote } from "@/lib/protocol/conversation-view";
import { voteOn } from "./judge";
import { PairSkeleton } from "./pair-skeleton";
import type { PairTurnProps, TurnActions } from "./pair-turn";
import type { VoteAttempt } from "./use-vote";

// Not needed to ask; it arrives while the question is typed.
const loadTurn = () => import("./pair-turn").then((it) => ({ default: it.PairTurn }));
const PairTurn = lazy(loadTurn);

export function preloadTurn(): void {
  // A failed preload shows itself when the turn is rendered.
  loadTurn().catch(() => undefined);
}

export type PairTurnsProps = {
  turns: readonly Turn[];
  isReadingEarlier: boolean;
  names: PairTurnProps["names"];
  reveal: PairReveal | null;
  votes: readonly PairVote[];
  attempt: VoteAttempt | null;
  isBusy: boolean;
  block: (turn: Turn) => string | null;
  actions: TurnActions;
  label: string;
};

export function PairTurns(props: PairTurnsProps) {
  const { turns, names, reveal, votes, attempt, isBusy, block, actions, label } = props;
  const last = turns.at(-1);
  return (
    <Suspense fallback={<PairSkeleton label={label} />}>
      <TurnList
        turns={turns}
        isReadingEarlier={props.isReadingEarlier}
        renderTurn={(turn, number) => {
          const own = attempt?.promptId === turn.prompt.id ? attempt : null;
          return (
            <PairTurn
              number={number}
              turn={turn}
              names={names}
              reveal={reveal}
              vote={voteOn(votes, turn.attempt)}
              isLast={turn === last}
              isBusy={isBusy}
              voteBlock={turn === last ? null : block(turn)}
              sending={own?.sending ?? null}
              problem={own?.problem ?? null}
              actions={actions}
            />
          );
        }}
      />
    </Suspense>
  );
}
