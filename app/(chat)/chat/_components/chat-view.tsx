"use client";

import clsx from "clsx";
import { type ReactNode, useCallback, useEffect, useState } from "react";
import { preloadMarkdown } from "@/components/chat/answer-text";
import { Composer } from "@/components/chat/composer";
import type { Turn } from "@/components/chat/thread";
import { useConversation } from "@/components/chat/use-conversation";
import { useFollowEnd, useShowAsked } from "@/components/chat/use-follow-end";
import { useKeptBranch } from "@/components/chat/use-kept-branch";
import { useKeptQuestion } from "@/components/chat/use-kept-question";
import { useSettings } from "@/components/chat/use-settings";
import { usePageKeys } from "@/components/keys/use-page-keys";
import { useTerms } from "@/components/terms/use-terms";
import { useAnnouncer } from "@/components/use-announcer";
import { useOnline } from "@/components/use-online";
import { paths } from "@/lib/paths";
import { ChatBar } from "./chat-bar";
import { chatKeys } from "./chat-keys";
import { ChatSheets, type OpenSheet } from "./chat-sheets";
import { ChatStart, MovedNotice } from "./chat-states";
import { ChatTurn } from "./chat-turn";
import { ChatTurns } from "./chat-turns";
import { chooseModel, whyBlocked } from "./choose-model";
import { newestKeys } from "./newest-keys";
import { useMarks } from "./use-marks";
import { useModelList } from "./use-model-list";

export type ChatViewProps = {
  initialId: string | null;
  initialModel: string | null;
  initialPrompt: string | null;
};

export function ChatView({ initialId, initialModel, initialPrompt }: ChatViewProps) {
  const { announce, region } = useAnnouncer();
  const conversation = useConversation({ kind: "chat", initialId, announce });
  const { client, standing, turns, phase, pending, failure, isEmpty, problem } = conversation;
  const [draft, setDraft] = useState(initialPrompt ?? "");
  const [picked, setPicked] = useState(initialModel);
  const [moved, setMoved] = useState<{ id: string; model: string } | null>(null);
  const inUse = useSettings(conversation);
  const { settings, toSend } = inUse;
  const [open, setOpen] = useState<OpenSheet>(null);
  const marks = useMarks(client);
  const isOnline = useOnline();
  const terms = useTerms();
  const all = useModelList();
  const kept = standing?.models && "model" in standing.models ? standing.models.model : null;
  const choice = chooseModel(all, picked);
  const model = kept ?? choice.model;
  const isBusy = phase !== "idle";
  const blocked = whyBlocked({ isOnline, models: all, model });

  useKeptBranch(conversation);
  useKeptQuestion(failure, setDraft);
  useFollowEnd(turns, phase === "streaming");
  useEffect(preloadMarkdown, []);
  useShowAsked(pending !== null || failure !== null);

  function ask(prompt: string) {
    setDraft("");
    setMoved(null);
    if (standing) void client.ask({ prompt, ...toSend });
    else void client.start({ kind: "chat", prompt, model, ...toSend });
  }

  function begin(nextModel: string) {
    client.clear();
    setPicked(nextModel);
    window.history.pushState(null, "", paths.chat);
  }

  function pick(next: string) {
    if (!standing || kept === null) return setPicked(next);
    // A chat stays with its model: another one begins anew, with the question that stands.
    setDraft(draft || (turns.at(-1)?.prompt.content ?? ""));
    setMoved({ id: standing.id, model: kept });
    begin(next);
  }

  const renderTurn = useCallback(
    (turn: Turn, number: number): ReactNode => (
      <ChatTurn {...{ turn, number, client, isBusy, marks, toSend }} />
    ),
    [client, isBusy, marks, toSend],
  );

  const last = turns.at(-1);
  const end = last?.attempt?.answers[0];
  const hasSettings = open === "settings";
  const toggleSettings = () => setOpen(hasSettings ? null : "settings");
  const share = standing !== null && !isBusy && end ? () => setOpen("share") : null;
  const beginAnew = () => {
    setMoved(null);
    begin(model);
  };
  const keys = chatKeys({
    stop: isBusy ? () => void client.stop() : null,
    regenerate:
      last && !isBusy ? () => void client.answerAgain({ promptId: last.prompt.id }) : null,
    ...newestKeys({ end, marks, announce }),
    begin: standing ? beginAnew : null,
    share,
    settings: toggleSettings,
    help: () => setOpen("help"),
  });
  usePageKeys(keys);
  return (
    <main
      id="main"
      // The sheet stands beside the chat and not over it, where there is room for both.
      className={clsx("flex flex-1 flex-col", hasSettings && "lg:mr-80")}
    >
      <div className="mx-auto flex w-full max-w-[792px] flex-1 flex-col px-4 sm:px-8">
        {region}
        <ChatBar
          models={(all ?? []).filter((it) => it.features.includes("chat") && it.isDirect)}
          model={model}
          onPick={pick}
          hasChat={standing !== null}
          onBegin={beginAnew}
          settings={settings}
          hasSettings={hasSettings}
          onSettings={toggleSettings}
          onShare={share}
          onHelp={() => setOpen("help")}
        />
        <ChatTurns conversation={conversation} renderTurn={renderTurn}>
          {moved && isEmpty && <MovedNotice {...moved} next={model} />}
          {isEmpty && (
            <ChatStart
              view={all?.find(({ name }) => name === model)}
              remark={kept === null ? choice.remark : null}
              isKnown={all !== undefined}
              onPick={terms.isNeeded ? setDraft : ask}
              isBlocked={blocked !== null}
            />
          )}
        </ChatTurns>
        {!problem && (
          <div className="dock border-t-0! sm:mx-0 sm:px-0">
            <Composer
              value={draft}
              onChange={setDraft}
              onAsk={ask}
              onStop={() => void client.stop()}
              isRunning={isBusy}
              blocked={blocked}
              isPaused={model === ""}
              placeholder={isEmpty ? "Ask anything…" : "Ask a follow-up…"}
              model={model || undefined}
              conversationId={standing?.id}
              parentId={end?.id}
              system={settings.system}
            />
          </div>
        )}
      </div>
      <ChatSheets
        open={open}
        onOpen={setOpen}
        keys={keys}
        inUse={inUse}
        conversationId={standing?.id ?? null}
        leafId={end?.id}
      />
    </main>
  );
}
