"use client";

import { useQuery } from "@tanstack/react-query";
import clsx from "clsx";
import { lazy, Suspense, useState } from "react";
import { ConversationNotice } from "@/components/chat/conversation-notice";
import { useConversation } from "@/components/chat/use-conversation";
import { useKeptBranch } from "@/components/chat/use-kept-branch";
import { useSettings } from "@/components/chat/use-settings";
import type { KeyBinding } from "@/components/keys/key-binding";
import { requestJson } from "@/components/request-json";
import { useAnnouncer } from "@/components/use-announcer";
import { PAGE_REFRESH_INTERVAL_MS } from "@/lib/limits";
import { paths } from "@/lib/paths";
import type { Side } from "@/lib/protocol/arena-view";
import { PairPage } from "../../_pair/pair-page";
import { choosePair, type Pair, pairBlock } from "./choose-pair";
import { CompareBar } from "./compare-bar";
import { CompareStart } from "./compare-start";

const SettingsSheet = lazy(() =>
  import("@/components/chat/settings-sheet").then((it) => ({ default: it.SettingsSheet })),
);

export type CompareViewProps = {
  initialId: string | null;
  /** From the address: `?a=&b=`. */
  wanted: Record<Side, string | null>;
  initialPrompt: string | null;
};

/** Two models that the reader has chosen, side by side. */
export function CompareView({ initialId, wanted, initialPrompt }: CompareViewProps) {
  const { announce, region } = useAnnouncer();
  const conversation = useConversation({ kind: "compare", initialId, announce });
  const { client, standing, phase, failure } = conversation;
  const [picked, setPicked] = useState(wanted);
  const { settings, change, toSend } = useSettings(conversation);
  const [hasSettings, setHasSettings] = useState(false);
  const list = useQuery({
    queryKey: ["models"],
    queryFn: ({ signal }) =>
      requestJson(paths.api.models, (views) => views.modelListSchema, { signal }),
    refetchInterval: PAGE_REFRESH_INTERVAL_MS,
  });
  const models = list.data?.models;
  const choice = choosePair(models, picked);
  const kept = standing?.models && "a" in standing.models ? standing.models : null;
  const pair = kept ?? choice.models;

  useKeptBranch(conversation);

  function begin() {
    setPicked(pair);
    client.clear();
    window.history.pushState(null, "", paths.compare);
    window.scrollTo({ top: 0 });
  }

  function pick(next: Pair) {
    setPicked(next);
    if (!kept) return;
    // A conversation stays with its models.
    client.clear();
    window.history.pushState(null, "", paths.compare);
  }

  const moreKeys: KeyBinding[] = [
    {
      group: "Page",
      label: "Choose the models",
      keys: ["m"],
      run: () => document.querySelector<HTMLElement>("[data-pickers] select")?.focus(),
    },
    {
      group: "Page",
      label: "Parameters",
      keys: ["p"],
      run: () => setHasSettings(!hasSettings),
    },
  ];
  const bar = (
    <CompareBar
      models={(models ?? []).filter((it) => it.features.includes("chat") && it.isDirect)}
      pair={pair}
      onPick={pick}
      settingsCount={Object.keys(settings).length}
      hasSettings={hasSettings}
      onSettings={() => setHasSettings(!hasSettings)}
      onBegin={kept ? begin : null}
    />
  );
  return (
    // The sheet stands beside the answers and not over them, where there is room for both.
    <div className={clsx("flex flex-1 flex-col", hasSettings && "lg:mr-80")}>
      <PairPage
        conversation={conversation}
        announce={announce}
        region={region}
        title="Compare"
        home={paths.compare}
        beginLabel="New comparison"
        initialPrompt={initialPrompt}
        start={(prompt) => void client.start({ kind: "compare", prompt, models: pair, ...toSend })}
        ask={(body) => void client.ask({ ...body, ...toSend })}
        askAnew={null}
        block={pairBlock(models, pair)}
        isReachable={!list.isError || phase !== "idle"}
        bar={bar}
        moreKeys={moreKeys}
        empty={({ composer, onExample }) => (
          <CompareStart
            bar={bar}
            remarks={kept ? [] : choice.remarks}
            notice={failure && <ConversationNotice conversation={conversation} />}
            composer={composer}
            examples={models?.find(({ name }) => name === pair.a)?.description.examplePrompts ?? []}
            onExample={onExample}
          />
        )}
      />
      {hasSettings && (
        <Suspense>
          <SettingsSheet open onOpenChange={setHasSettings} settings={settings} onChange={change} />
        </Suspense>
      )}
    </div>
  );
}
