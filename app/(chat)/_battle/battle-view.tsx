"use client";

import { useQuery } from "@tanstack/react-query";
import { usePathname } from "next/navigation";
import { lazy, Suspense, useEffect, useRef, useState } from "react";
import { preloadMarkdown } from "@/components/chat/answer-text";
import { Composer } from "@/components/chat/composer";
import { FailureNotice } from "@/components/chat/failure-notice";
import { Question } from "@/components/chat/question";
import { toBattleTurns } from "@/components/chat/turn-reducer";
import { useFollowEnd } from "@/components/chat/use-follow-end";
import { requestJson } from "@/components/request-json";
import { buttonClass } from "@/components/ui/button";
import { Notice } from "@/components/ui/notice";
import { Skeleton } from "@/components/ui/skeleton";
import { useAnnouncer } from "@/components/use-announcer";
import { useOnline } from "@/components/use-online";
import { PAGE_REFRESH_INTERVAL_MS, PAGE_REFRESH_INTERVAL_SHORT_MS } from "@/lib/limits";
import { paths } from "@/lib/paths";
import type { ArenaStatus, Reveal } from "@/lib/protocol/arena-view";
import { BattleStart } from "./battle-start";
import { OutcomeBar } from "./outcome-bar";
import { outcomeSentence, voteReason } from "./outcome-sentence";
import { useBattle } from "./use-battle";
import { useBattleKeys } from "./use-battle-keys";
import { VoteBar } from "./vote-bar";

// Not needed to ask; they arrive while the question is typed.
const loadTurn = () => import("./battle-turn").then((it) => ({ default: it.BattleTurn }));
const BattleTurn = lazy(loadTurn);
const HelpSheet = lazy(() => import("./help-sheet").then((it) => ({ default: it.HelpSheet })));

export type BattleViewProps = {
  initialId: string | null;
  initialStatus: ArenaStatus | null;
};

const ID_IN_PATH = /^\/battle\/([^/]+)$/;

export function BattleView({ initialId, initialStatus }: BattleViewProps) {
  const { announce, region } = useAnnouncer();
  const battle = useBattle({ announce, initialId });
  const [draft, setDraft] = useState("");
  const [isHelpOpen, setIsHelpOpen] = useState(false);
  const input = useRef<HTMLTextAreaElement>(null);
  const isOnline = useOnline();
  const isBusy = battle.phase !== "idle";
  const turns = toBattleTurns(battle.messages);
  const last = turns.at(-1);
  const current = battle.battle;
  const isEmpty = turns.length === 0 && battle.pending === null && !current;
  const status = useArenaStatus(isEmpty, initialStatus);

  useAddress(battle);
  useFollowEnd(battle.messages, battle.phase === "streaming");
  useEffect(() => {
    preloadMarkdown();
    // A failed preload shows itself when the turn is rendered.
    loadTurn().catch(() => undefined);
  }, []);

  const reason = voteReason({
    a: last?.a?.status,
    b: last?.b?.status,
    isSettling: battle.phase === "settling",
  });
  const sentence =
    current?.vote && current.reveal
      ? outcomeSentence(current.vote.outcome, current.reveal.pair)
      : null;
  useOutcome({ sentence, reveal: current?.reveal ?? null, announce });

  function ask(prompt: string) {
    setDraft("");
    battle.askPrompt(prompt);
  }

  function newRound() {
    battle.clear();
    window.history.pushState(null, "", paths.battle);
    window.scrollTo({ top: 0 });
    input.current?.focus();
  }

  useBattleKeys({
    vote: (outcome) => !reason && !current?.vote && void battle.vote(outcome),
    "new-round": () => !isEmpty && newRound(),
    help: () => setIsHelpOpen(true),
    stop: () => battle.stop(),
  });

  const { failure } = battle;
  useEffect(() => {
    if (failure?.kept === "nothing" && failure.ask.prompt) setDraft(failure.ask.prompt);
  }, [failure]);

  const composer = (
    <Composer
      inputRef={input}
      value={draft}
      onChange={setDraft}
      onAsk={ask}
      onStop={battle.stop}
      isRunning={battle.phase === "asking" || battle.phase === "streaming"}
      blocked={toBlock({
        isOnline,
        isAsleep: isEmpty && (status.data?.modelsAwake ?? 2) < 2,
      })}
      // The votes above it say why.
      isPaused={battle.phase === "settling"}
      placeholder={
        current?.vote ? "Ask something new…" : isEmpty ? "Ask anything…" : "Ask both a follow-up…"
      }
      rows={isEmpty ? 2 : 1}
      conversationId={current && !current.vote ? current.conversationId : undefined}
    />
  );

  return (
    <main id="main" className="mx-auto flex w-full max-w-[1264px] flex-1 flex-col px-4 sm:px-8">
      {region}
      {isEmpty && !battle.isLoading && !battle.problem ? (
        <BattleStart
          status={status.data}
          problem={
            failure?.error.message ??
            (status.isError
              ? "The server could not be reached. This page tries again by itself."
              : null)
          }
          composer={composer}
          onExample={ask}
        />
      ) : (
        <>
          <h1 className="sr-only">Battle</h1>
          <div className="flex-1 space-y-12 pt-8 pb-8">
            {battle.isLoading && <BattleSkeleton />}
            {battle.problem && <Unreadable message={battle.problem} />}
            <Suspense fallback={<BattleSkeleton />}>
              {turns.map((turn, index) => (
                <BattleTurn
                  key={turn.prompt.id}
                  number={index + 1}
                  turn={turn}
                  reveal={current?.reveal ?? null}
                  outcome={current?.vote?.outcome ?? null}
                  onRetry={turn === last && !isBusy && !current?.vote ? battle.retrySide : null}
                />
              ))}
            </Suspense>
            {battle.pending !== null && <Question text={battle.pending} />}
            {failure && (
              <FailureNotice failure={failure} onRetry={() => void battle.ask(failure.ask)} />
            )}
          </div>
          {!battle.problem && !battle.isLoading && (
            <div className="dock">
              {sentence ? (
                <OutcomeBar
                  sentence={sentence}
                  onNewRound={newRound}
                  onSameQuestion={() => turns[0] && ask(turns[0].prompt.content)}
                />
              ) : (
                last && (
                  <VoteBar
                    reason={isOnline ? reason : "You can vote when you are back online."}
                    sending={battle.voteState.sending}
                    problem={battle.voteState.problem}
                    onVote={(outcome) => void battle.vote(outcome)}
                    onHelp={() => setIsHelpOpen(true)}
                  />
                )
              )}
              <div className="mx-auto mt-3 w-full max-w-[880px]">{composer}</div>
            </div>
          )}
        </>
      )}
      {isHelpOpen && (
        <Suspense>
          <HelpSheet open onOpenChange={setIsHelpOpen} />
        </Suspense>
      )}
    </main>
  );
}

function Unreadable({ message }: { message: string }) {
  return (
    <Notice
      tone="danger"
      action={
        // A full load: the address may stand on another page's tree.
        <a href={paths.battle} className={buttonClass({ size: "small" })}>
          Start a new battle
        </a>
      }
    >
      This battle cannot be shown. {message}
    </Notice>
  );
}

function toBlock(states: { isOnline: boolean; isAsleep: boolean }): string | null {
  if (!states.isOnline) return "You are offline.";
  if (states.isAsleep) return "You can ask once two models are awake.";
  return null;
}

function useArenaStatus(isEmpty: boolean, initial: ArenaStatus | null) {
  return useQuery({
    queryKey: ["arena"],
    queryFn: ({ signal }) =>
      requestJson(paths.api.arena, (views) => views.arenaStatusSchema, { signal }),
    enabled: isEmpty,
    ...(initial && { initialData: initial }),
    refetchInterval: ({ state }) =>
      (state.data?.modelsAwake ?? 0) < 2
        ? PAGE_REFRESH_INTERVAL_SHORT_MS
        : PAGE_REFRESH_INTERVAL_MS,
  });
}

type OutcomeOptions = {
  sentence: string | null;
  reveal: Reveal | null;
  announce: (sentence: string) => void;
};

/** Says the outcome and brings the pane heads, where the names appear, into view. */
function useOutcome({ sentence, reveal, announce }: OutcomeOptions) {
  useEffect(() => {
    if (!sentence || !reveal) return;
    announce(`${sentence} A was ${reveal.a.model}, B was ${reveal.b.model}.`);
    [...document.querySelectorAll("[data-turn]")].at(-1)?.scrollIntoView();
  }, [sentence, reveal, announce]);
}

/** Back, forward and the header's link change the address without a new page: the view follows it. */
function useAddress({ battle, open, clear }: ReturnType<typeof useBattle>) {
  const pathname = usePathname();
  const shown = useRef<string | null>(null);
  const runningId = battle?.id ?? null;
  useEffect(() => {
    if (runningId) shown.current = runningId;
  }, [runningId]);
  useEffect(() => {
    const wanted = ID_IN_PATH.exec(pathname)?.[1] ?? null;
    if (wanted === shown.current) return;
    if (wanted === null) clear();
    else void open(wanted);
    shown.current = wanted;
  }, [pathname, open, clear]);
}

function BattleSkeleton() {
  return (
    <div role="status" aria-label="Loading the battle">
      <Skeleton className="ml-auto h-5 w-48" />
      <div className="mt-6 grid gap-4 md:grid-cols-2">
        {["a", "b"].map((side) => (
          <div key={side} className="space-y-3 rounded-lg border border-line bg-surface p-5">
            <Skeleton className="size-6.5" />
            <Skeleton className="mt-8 h-3.5 w-11/12" />
            <Skeleton className="h-3.5 w-4/5" />
            <Skeleton className="h-3.5 w-3/5" />
          </div>
        ))}
      </div>
    </div>
  );
}
