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
import type { Failure } from "@/components/chat/use-generation";
import { requestJson } from "@/components/request-json";
import { buttonClass } from "@/components/ui/button";
import { Notice } from "@/components/ui/notice";
import { Skeleton } from "@/components/ui/skeleton";
import { useAnnouncer } from "@/components/use-announcer";
import { useOnline } from "@/components/use-online";
import { PAGE_REFRESH_INTERVAL_MS, PAGE_REFRESH_INTERVAL_SHORT_MS } from "@/lib/limits";
import { paths } from "@/lib/paths";
import type { ArenaStatus, Outcome, Reveal } from "@/lib/protocol/arena-view";
import { BattleStart } from "./battle-start";
import { Judgement } from "./judgement";
import { outcomeSentence, voteReason } from "./outcome-sentence";
import { useBattle } from "./use-battle";
import { useBattleKeys } from "./use-battle-keys";
import { useKeptFocus } from "./use-kept-focus";

// Not needed to ask; they arrive while the question is typed.
const loadTurn = () => import("./battle-turn").then((it) => ({ default: it.BattleTurn }));
const BattleTurn = lazy(loadTurn);
const HelpSheet = lazy(() => import("./help-sheet").then((it) => ({ default: it.HelpSheet })));

export type BattleViewProps = {
  initialId: string | null;
  initialStatus: ArenaStatus | null;
};

const UNREACHABLE = "The server could not be reached. This page tries again by itself.";
const ID_IN_PATH = /^\/battle\/([^/]+)$/;

export function BattleView({ initialId, initialStatus }: BattleViewProps) {
  const { announce, region } = useAnnouncer();
  const battle = useBattle({ announce, initialId });
  const [draft, setDraft] = useState("");
  const [isHelpOpen, setIsHelpOpen] = useState(false);
  const isOnline = useOnline();
  const turns = toBattleTurns(battle.messages);
  const last = turns.at(-1);
  const current = battle.battle;
  const isEmpty = turns.length === 0 && battle.pending === null && !current;
  const status = useArenaStatus(isEmpty, initialStatus);
  const isAsleep = isEmpty && (status.data?.modelsAwake ?? 2) < 2;

  const retry = battle.phase === "idle" && !current?.vote ? battle.retrySide : null;
  const focus = useKeptFocus({ isEmpty, isVoted: Boolean(current?.vote) });

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
    focus.toPage();
    battle.askPrompt(prompt);
  }

  function newRound() {
    focus.expect("input");
    battle.clear();
    window.history.pushState(null, "", paths.battle);
    window.scrollTo({ top: 0 });
  }

  function vote(outcome: Outcome) {
    focus.expect("outcome");
    void battle.vote(outcome);
  }

  function stop() {
    focus.toPage();
    battle.stop();
  }

  useBattleKeys({
    vote: (outcome) => !reason && !current?.vote && vote(outcome),
    "new-round": () => !isEmpty && newRound(),
    help: () => setIsHelpOpen(true),
    stop,
  });

  useKeptQuestion(battle.failure, setDraft);

  const composer = (
    <Composer
      inputRef={focus.input}
      value={draft}
      onChange={setDraft}
      onAsk={ask}
      onStop={stop}
      isRunning={battle.phase === "asking" || battle.phase === "streaming"}
      blocked={toBlock(isOnline, isAsleep)}
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
    <main
      id="main"
      ref={focus.main}
      tabIndex={-1}
      className="mx-auto flex w-full max-w-[1264px] flex-1 flex-col px-4 outline-none sm:px-8"
    >
      {region}
      {isEmpty && !battle.isLoading && !battle.problem ? (
        <BattleStart
          status={status.data}
          problem={battle.failure?.error.message ?? (status.isError ? UNREACHABLE : null)}
          composer={composer}
          onExample={isOnline ? ask : setDraft}
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
                  onRetry={turn === last ? retry : null}
                />
              ))}
            </Suspense>
            {battle.pending !== null && <Question text={battle.pending} />}
            <FailureNotice generation={battle} />
          </div>
          {!battle.problem && !battle.isLoading && (
            <div className="dock">
              <Judgement
                region={focus.outcome}
                sentence={sentence}
                vote={
                  last && {
                    ...battle.voteState,
                    reason: toVoteBlock(isOnline, reason),
                    onVote: vote,
                  }
                }
                onHelp={() => setIsHelpOpen(true)}
                onNewRound={newRound}
                onSameQuestion={() => turns[0] && ask(turns[0].prompt.content)}
              />
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

/** A question that reached nobody goes back to where it was typed. */
function useKeptQuestion(failure: Failure | null, setDraft: (prompt: string) => void) {
  useEffect(() => {
    if (failure?.kept === "nothing" && failure.ask.prompt) setDraft(failure.ask.prompt);
  }, [failure, setDraft]);
}

function toVoteBlock(isOnline: boolean, reason: string | null): string | null {
  return isOnline ? reason : "You can vote when you are back online.";
}

function toBlock(isOnline: boolean, isAsleep: boolean): string | null {
  if (!isOnline) return "You are offline.";
  return isAsleep ? "You can ask once two models are awake." : null;
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
