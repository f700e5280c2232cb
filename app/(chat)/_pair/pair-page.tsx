"use client";

import { type ReactNode, useEffect, useState } from "react";
import { preloadMarkdown } from "@/components/chat/answer-text";
import { Composer } from "@/components/chat/composer";
import { ConversationNotice } from "@/components/chat/conversation-notice";
import { Question } from "@/components/chat/question";
import type { Turn } from "@/components/chat/thread";
import type { Conversation } from "@/components/chat/use-conversation";
import { useFollowEnd } from "@/components/chat/use-follow-end";
import { useKeptQuestion } from "@/components/chat/use-kept-question";
import type { KeyBinding } from "@/components/keys/key-binding";
import { usePageKeys } from "@/components/keys/use-page-keys";
import { useTerms } from "@/components/terms/use-terms";
import { buttonClass } from "@/components/ui/button";
import { Notice } from "@/components/ui/notice";
import { useOnline } from "@/components/use-online";
import type { Outcome } from "@/lib/protocol/arena-view";
import type { PairVote, TurnBody } from "@/lib/protocol/conversation-view";
import { voteBlock, voteOn } from "./judge";
import { PairDock } from "./pair-dock";
import { pairKeys } from "./pair-keys";
import { type OpenSheet, PairSheets } from "./pair-sheets";
import { PairSkeleton } from "./pair-skeleton";
import { PairTurns, preloadTurn } from "./pair-turns";
import { useKeptFocus } from "./use-kept-focus";
import { useOutcome } from "./use-outcome";
import { usePairActions } from "./use-pair-actions";
import { useVote } from "./use-vote";

const NO_VOTES: readonly PairVote[] = [];

export type PairPageProps = {
  conversation: Conversation;
  announce: (sentence: string) => void;
  /** Where announcements are spoken. */
  region: ReactNode;
  /** For a screen reader, and over what is loaded. */
  title: string;
  home: string;
  beginLabel: string;
  /** A new conversation with this prompt. */
  start: (prompt: string) => void;
  /** The first question again, to others; null: these models were chosen. */
  askAnew: ((prompt: string) => void) | null;
  /** What the first question begins as. */
  initialPrompt?: string | null;
  /** With what else a question is asked; absent: with nothing. */
  ask?: (body: TurnBody) => void;
  /** Why one cannot ask now. */
  block: string | null;
  /** The server was heard when it was last asked. */
  isReachable: boolean;
  /** The page before anything was asked. */
  empty: (parts: { composer: ReactNode; onExample: (prompt: string) => void }) => ReactNode;
  /** Above the turns. */
  bar?: ReactNode;
  moreKeys?: readonly KeyBinding[];
};

/** A page with pairs of answers: battles and comparisons differ in who chose the models. */
export function PairPage(props: PairPageProps) {
  const { conversation, announce, block, home, beginLabel } = props;
  const { client, standing, turns, phase, isEmpty, isLoading, problem } = conversation;
  const [draft, setDraft] = useState(props.initialPrompt ?? "");
  const [open, setOpen] = useState<OpenSheet>(null);
  const isOnline = useOnline();
  const terms = useTerms();
  const last = turns.at(-1);
  const names = standing?.kind === "compare" ? toNames(standing.models) : null;
  const reveal = standing?.reveal ?? null;
  const vote = voteOn(standing?.votes ?? [], last?.attempt ?? null);
  const focus = useKeptFocus({ isEmpty, isVoted: vote !== null });
  const votes = useVote(conversation);
  const isBusy = phase !== "idle";
  const toBlock = (turn: Turn) =>
    voteBlock({
      attempt: turn.attempt,
      isBlind: names === null && reveal === null,
      isOnline,
      isReachable: props.isReachable && conversation.isReachable,
    });

  function cast(turn: Turn, outcome: Outcome) {
    if (voteOn(standing?.votes ?? [], turn.attempt) || toBlock(turn) !== null) return;
    if (turn === last) focus.expect("outcome");
    void votes.vote(turn, outcome);
  }
  const askMore = props.ask ?? ((body: TurnBody) => void client.ask(body));
  const actions = usePairActions({
    client,
    vote: cast,
    ask: askMore,
    giveReasons: votes.giveReasons,
  });

  useFollowEnd(turns, phase === "streaming");
  useEffect(() => {
    preloadMarkdown();
    preloadTurn();
  }, []);
  useOutcome({ standing, announce });
  useKeptQuestion(conversation.failure, setDraft);

  function ask(prompt: string) {
    setDraft("");
    focus.toPage();
    if (!standing) props.start(prompt);
    else askMore({ prompt });
  }

  function begin() {
    focus.expect("input");
    client.clear();
    window.history.pushState(null, "", home);
    window.scrollTo({ top: 0 });
  }

  function stop() {
    if (!isBusy) return;
    focus.toPage();
    void client.stop();
  }

  const first = turns[0];
  const onAskAnew =
    props.askAnew && first && !isBusy ? () => props.askAnew?.(first.prompt.content) : null;
  const share = standing !== null && !isBusy ? () => setOpen("share") : null;
  const keys = pairKeys({
    ...{ turns, isBusy, actions, announce, stop, beginLabel },
    vote: cast,
    help: () => setOpen("help"),
    begin: isEmpty ? null : begin,
    share,
    askAnew: onAskAnew,
    ...(props.moreKeys && { more: props.moreKeys }),
  });
  usePageKeys(keys);

  const composer = (
    <Composer
      inputRef={focus.input}
      value={draft}
      onChange={setDraft}
      onAsk={ask}
      onStop={stop}
      isRunning={isBusy}
      blocked={isOnline ? block : "You are offline."}
      placeholder={isEmpty ? "Ask anything…" : "Ask both a follow-up…"}
      rows={isEmpty ? 2 : 1}
      conversationId={standing?.id}
    />
  );

  return (
    <main
      id="main"
      ref={focus.main}
      tabIndex={-1}
      className="mx-auto flex w-full max-w-[1264px] flex-1 flex-col px-4 outline-none sm:px-8"
    >
      {props.region}
      {isEmpty ? (
        props.empty({ composer, onExample: isOnline && !terms.isNeeded ? ask : setDraft })
      ) : (
        <>
          <h1 className="sr-only">{props.title}</h1>
          {props.bar}
          <div className="flex-1 space-y-10 pt-6 pb-8">
            {isLoading && <PairSkeleton label={`Loading: ${props.title}`} />}
            {problem && <Unreadable message={problem} home={home} label={beginLabel} />}
            <PairTurns
              {...{ turns, names, reveal, isBusy, actions }}
              label={`Loading: ${props.title}`}
              isReadingEarlier={conversation.isReadingEarlier}
              votes={standing?.votes ?? NO_VOTES}
              attempt={votes.attempt}
              block={toBlock}
            />
            {conversation.pending !== null && <Question text={conversation.pending} />}
            <ConversationNotice conversation={conversation} />
          </div>
          {!isLoading && !problem && (
            <PairDock
              region={focus.outcome}
              turn={last}
              vote={vote}
              reveal={reveal}
              isNamed={names !== null}
              block={last ? toBlock(last) : null}
              attempt={votes.attempt}
              onVote={cast}
              onReasons={votes.giveReasons}
              onHelp={() => setOpen("help")}
              onShare={share}
              onBegin={begin}
              beginLabel={beginLabel}
              onAskAnew={onAskAnew}
              composer={composer}
            />
          )}
        </>
      )}
      <PairSheets open={open} onOpen={setOpen} keys={keys} conversationId={standing?.id ?? null} />
    </main>
  );
}

function toNames(models: NonNullable<Conversation["standing"]>["models"]) {
  return models && "a" in models ? models : null;
}

type UnreadableProps = { message: string; home: string; label: string };

function Unreadable({ message, home, label }: UnreadableProps) {
  return (
    <Notice
      tone="danger"
      action={
        // A full load: the address may stand on another page's tree.
        <a href={home} className={buttonClass({ size: "small" })}>
          {label}
        </a>
      }
    >
      This cannot be shown. {message}
    </Notice>
  );
}
