"use client";

import { useQuery } from "@tanstack/react-query";
import { ConversationNotice } from "@/components/chat/conversation-notice";
import { useConversation } from "@/components/chat/use-conversation";
import { requestJson } from "@/components/request-json";
import { useAnnouncer } from "@/components/use-announcer";
import { PAGE_REFRESH_INTERVAL_MS, PAGE_REFRESH_INTERVAL_SHORT_MS } from "@/lib/limits";
import { paths } from "@/lib/paths";
import type { ArenaStatus } from "@/lib/protocol/arena-view";
import { PairPage } from "../_pair/pair-page";
import { BattleStart } from "./battle-start";

export type BattleViewProps = {
  initialId: string | null;
  initialStatus: ArenaStatus | null;
};

const UNREACHABLE = "The server could not be reached. This page tries again by itself.";

/** Two models that nobody has chosen, blind until the first vote. */
export function BattleView({ initialId, initialStatus }: BattleViewProps) {
  const { announce, region } = useAnnouncer();
  const conversation = useConversation({ kind: "battle", initialId, announce });
  const { client, isEmpty, phase, failure } = conversation;
  // While nothing runs this is how an open page notices that the server has gone.
  const status = useArenaStatus(phase === "idle", initialStatus);
  const isAsleep = isEmpty && (status.data?.modelsAwake ?? 2) < 2;
  const start = (prompt: string) => void client.start({ kind: "battle", prompt });
  return (
    <PairPage
      conversation={conversation}
      announce={announce}
      region={region}
      title="Battle"
      home={paths.battle}
      beginLabel="New round"
      start={start}
      askAnew={start}
      block={isAsleep ? "You can ask once two models are awake." : null}
      isReachable={!status.isError}
      empty={({ composer, onExample }) => (
        <BattleStart
          status={status.data}
          problem={status.isError ? UNREACHABLE : null}
          notice={failure && <ConversationNotice conversation={conversation} />}
          composer={composer}
          onExample={onExample}
        />
      )}
    />
  );
}

function useArenaStatus(isEnabled: boolean, initial: ArenaStatus | null) {
  return useQuery({
    queryKey: ["arena"],
    queryFn: ({ signal }) =>
      requestJson(paths.api.arena, (views) => views.arenaStatusSchema, { signal }),
    enabled: isEnabled,
    ...(initial && { initialData: initial }),
    refetchInterval: ({ state }) =>
      (state.data?.modelsAwake ?? 0) < 2
        ? PAGE_REFRESH_INTERVAL_SHORT_MS
        : PAGE_REFRESH_INTERVAL_MS,
  });
}
