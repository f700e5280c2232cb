"use client";

import { useCallback, useEffect, useMemo, useState } from "react";
import type { ConversationSettings } from "@/lib/protocol/conversation-view";
import { readRememberedSettings, rememberSettings } from "./remembered-settings";
import { isSameSettings } from "./settings-words";
import type { Conversation } from "./use-conversation";

export type SettingsInUse = {
  /** What the next turn is asked with. */
  settings: ConversationSettings;
  change: (settings: ConversationSettings) => void;
  /** To be sent with the next turn: present where the conversation does not hold them already. */
  toSend: { settings?: ConversationSettings };
};

/**
 * The settings of a conversation, which the server keeps with it, and those of the next new one, which
 * this browser remembers. A change goes to the server with the next turn.
 */
export function useSettings({ standing }: Pick<Conversation, "standing">): SettingsInUse {
  const [remembered, setRemembered] = useState<ConversationSettings>({});
  const [changed, setChanged] = useState<{
    id: string | undefined;
    settings: ConversationSettings;
  } | null>(null);
  useEffect(() => {
    let isCurrent = true;
    void readRememberedSettings().then((settings) => isCurrent && setRemembered(settings));
    return () => {
      isCurrent = false;
    };
  }, []);
  const id = standing?.id;
  const kept = standing ? standing.settings : remembered;
  const settings = changed !== null && changed.id === id ? changed.settings : kept;
  const change = useCallback(
    (next: ConversationSettings) => {
      setChanged({ id, settings: next });
      setRemembered(next);
      rememberSettings(next);
    },
    [id],
  );
  const isKept = isSameSettings(settings, standing?.settings ?? {});
  // The same object until something changes, since every row is drawn from it.
  const toSend = useMemo(() => (isKept ? {} : { settings }), [isKept, settings]);
  return { settings, change, toSend };
}
