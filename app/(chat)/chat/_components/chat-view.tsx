"use client";

import { useQuery } from "@tanstack/react-query";
import Link from "next/link";
import { useEffect, useState } from "react";
import { canChat } from "@/components/can-chat";
import { preloadMarkdown } from "@/components/chat/answer-text";
import { Composer } from "@/components/chat/composer";
import { FailureNotice } from "@/components/chat/failure-notice";
import { Question } from "@/components/chat/question";
import { useFollowEnd } from "@/components/chat/use-follow-end";
import { requestJson } from "@/components/request-json";
import { Button, buttonClass } from "@/components/ui/button";
import { Notice } from "@/components/ui/notice";
import { Skeleton } from "@/components/ui/skeleton";
import { useAnnouncer } from "@/components/use-announcer";
import { useOnline } from "@/components/use-online";
import { PAGE_REFRESH_INTERVAL_MS } from "@/lib/limits";
import { paths } from "@/lib/paths";
import { ChatTurn } from "./chat-turn";
import { ModelPicker } from "./model-picker";
import { useChat } from "./use-chat";

export type ChatViewProps = {
  initialId: string | null;
  initialModel: string | null;
  initialPrompt: string | null;
};

export function ChatView({ initialId, initialModel, initialPrompt }: ChatViewProps) {
  const { announce, region } = useAnnouncer();
  const chat = useChat({ announce, initialId });
  const [draft, setDraft] = useState(initialPrompt ?? "");
  const [picked, setPicked] = useState(initialModel);
  const isOnline = useOnline();
  const list = useQuery({
    queryKey: ["models"],
    queryFn: ({ signal }) =>
      requestJson(paths.api.models, (views) => views.modelListSchema, { signal }),
    refetchInterval: PAGE_REFRESH_INTERVAL_MS,
  });
  // One that only reads is not offered here, asleep or awake.
  const models = (list.data?.models ?? []).filter(({ features }) => features.includes("chat"));
  const firstAwake = models.find(canChat)?.name ?? "";
  const model = chat.chat?.model ?? picked ?? firstAwake;
  const view = models.find((it) => it.name === model);
  // Named in the address, say.
  const onlyReads = list.data?.models.some((it) => it.name === model) && !view;
  const isEmpty = chat.turns.length === 0 && chat.pending === null && !chat.isLoading;

  useFollowEnd(chat.messages, chat.phase === "streaming");
  useEffect(preloadMarkdown, []);
  const { failure } = chat;
  useEffect(() => {
    if (failure?.kept === "nothing" && failure.ask.prompt) setDraft(failure.ask.prompt);
  }, [failure]);

  function ask(prompt: string) {
    setDraft("");
    chat.askPrompt(prompt, model);
  }

  function begin() {
    chat.clear();
    setPicked(model);
    window.history.pushState(null, "", paths.chat);
  }

  const isAsleep = list.data !== undefined && !view?.awake;
  const blocked = !isOnline
    ? "You are offline."
    : isAsleep
      ? model === ""
        ? "No model is awake yet."
        : onlyReads
          ? `${model} reads texts and writes none. Choose another.`
          : `${model} is asleep. It answers again once a worker brings it.`
      : chat.phase === "settling"
        ? "Saving what was written…"
        : null;

  return (
    <main id="main" className="mx-auto flex w-full max-w-[792px] flex-1 flex-col px-4 sm:px-8">
      {region}
      <div className="flex flex-wrap items-center justify-between gap-3 pt-6">
        <h1 className="sr-only">Chat</h1>
        <ModelPicker
          models={models}
          value={model}
          onChange={setPicked}
          isFixed={chat.chat !== null}
        />
        {chat.chat && (
          <Button variant="quiet" onClick={begin}>
            New chat
          </Button>
        )}
      </div>
      <div className="flex flex-1 flex-col gap-12 pt-8 pb-8">
        {chat.isLoading && <ChatSkeleton />}
        {chat.problem && <Unreadable message={chat.problem} />}
        {isEmpty && !chat.problem && (
          <div className="flex flex-1 flex-col justify-center">
            <p className="font-display text-xl text-balance">One model, by name.</p>
            <p className="mt-3 max-w-[60ch] text-ink-soft">
              {view?.description.summary ??
                (isAsleep && !onlyReads
                  ? "No model is awake yet. This page looks again by itself."
                  : "Pick a model and ask.")}
            </p>
            <Starters
              prompts={view?.description.examplePrompts.slice(0, 4) ?? []}
              onPick={ask}
              isBlocked={blocked !== null}
            />
          </div>
        )}
        {chat.turns.map((turn, index) => (
          <ChatTurn
            key={turn.prompt.id}
            number={index + 1}
            turn={turn}
            isBusy={chat.phase !== "idle"}
            onSwitch={(answerId) => chat.switchTo(turn.prompt.id, answerId)}
            onRegenerate={chat.regenerate}
          />
        ))}
        {chat.pending !== null && <Question text={chat.pending} />}
        <FailureNotice generation={chat} />
      </div>
      {!chat.problem && (
        <div className="dock border-t-0! sm:mx-0 sm:px-0">
          <Composer
            value={draft}
            onChange={setDraft}
            onAsk={ask}
            onStop={chat.stop}
            isRunning={chat.phase === "asking" || chat.phase === "streaming"}
            blocked={blocked}
            placeholder={isEmpty ? "Ask anything…" : "Ask a follow-up…"}
            model={model || undefined}
            conversationId={chat.chat?.id}
          />
        </div>
      )}
    </main>
  );
}

type StartersProps = {
  prompts: readonly string[];
  onPick: (prompt: string) => void;
  isBlocked: boolean;
};

function Starters({ prompts, onPick, isBlocked }: StartersProps) {
  if (prompts.length === 0) return null;
  return (
    <ul
      aria-label="Examples"
      className="mt-8 max-w-[60ch] divide-y divide-line border-y border-line"
    >
      {prompts.map((prompt) => (
        <li key={prompt}>
          <button
            type="button"
            disabled={isBlocked}
            onClick={() => onPick(prompt)}
            className="min-h-11 w-full py-2 text-left text-sm text-ink-soft transition-colors duration-120 enabled:hover:text-ink"
          >
            {prompt}
          </button>
        </li>
      ))}
    </ul>
  );
}

function Unreadable({ message }: { message: string }) {
  return (
    <Notice
      tone="danger"
      action={
        <Link href={paths.chat} prefetch={false} className={buttonClass({ size: "small" })}>
          Start a new chat
        </Link>
      }
    >
      This conversation cannot be shown. {message}
    </Notice>
  );
}

function ChatSkeleton() {
  return (
    <div role="status" aria-label="Loading the conversation" className="space-y-3">
      <Skeleton className="mb-8 ml-auto h-5 w-56" />
      <Skeleton className="h-3.5 w-11/12" />
      <Skeleton className="h-3.5 w-4/5" />
      <Skeleton className="h-3.5 w-2/3" />
    </div>
  );
}
