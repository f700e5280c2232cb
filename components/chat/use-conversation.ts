"use client";

import { usePathname } from "next/navigation";
import { useEffect, useRef, useState, useSyncExternalStore } from "react";
import { paths } from "@/lib/paths";
import type { ConversationKind } from "@/lib/protocol/conversation-view";
import { ConversationClient, type ConversationState } from "./conversation-client";
import { endSentence } from "./end-sentence";

const PLACES: Record<ConversationKind, { home: string; byId: (id: string) => string }> = {
  battle: { home: paths.battle, byId: paths.battleById },
  compare: { home: paths.compare, byId: paths.compareById },
  chat: { home: paths.chat, byId: paths.chatById },
};

export type ConversationOptions = {
  kind: ConversationKind;
  /** Of a stored conversation, so that its place is held from the first paint. */
  initialId: string | null;
  /** Says a sentence to a screen reader. */
  announce: (sentence: string) => void;
};

export type Conversation = ConversationState & {
  client: ConversationClient;
  /** Nothing was asked yet and nothing is being read. */
  isEmpty: boolean;
};

/**
 * The conversation of a page: what is shown, and the client to change it by. The address follows the
 * conversation and the conversation the address; each answer that ends is announced once.
 */
export function useConversation({ kind, initialId, announce }: ConversationOptions): Conversation {
  const latest = useRef(announce);
  latest.current = announce;
  const shown = useRef<string | null>(null);
  const [client] = useState(
    () =>
      new ConversationClient({
        kind,
        isStored: initialId !== null,
        onOpened: (id) => {
          shown.current = id;
          const address = PLACES[kind].byId(id);
          if (window.location.pathname !== address) {
            window.history.replaceState(null, "", address);
          }
        },
        onEnded: (answers) => latest.current(endSentence(answers)),
      }),
  );
  const state = useSyncExternalStore(client.subscribe, client.state, client.state);
  useAddress({ kind, client, shown });
  const { turns, pending, isLoading, problem } = state;
  const isEmpty = turns.length === 0 && pending === null && !isLoading && problem === null;
  return { ...state, client, isEmpty };
}

type AddressOptions = {
  kind: ConversationKind;
  client: ConversationClient;
  shown: { current: string | null };
};

/** The first paint, back, forward and the header's links: the conversation of the address is shown. */
function useAddress({ kind, client, shown }: AddressOptions): void {
  const pathname = usePathname();
  useEffect(() => {
    const { home, byId } = PLACES[kind];
    const before = byId("");
    const wanted = pathname.startsWith(before) ? pathname.slice(before.length) : null;
    if (wanted === shown.current || (wanted === null && pathname !== home)) return;
    shown.current = wanted;
    if (wanted === null) client.clear();
    else void client.open(wanted);
  }, [pathname, kind, client, shown]);
  // A tree that React takes down and puts up again reads its conversation again.
  useEffect(
    () => () => {
      client.dispose();
      shown.current = null;
    },
    [client, shown],
  );
}
