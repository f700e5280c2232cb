"use client";

import { type Dispatch, type SetStateAction, useEffect, useRef } from "react";
import type { ConversationState } from "./conversation-client";

/** A question that reached nobody goes back to where it was typed, until it is sent again. */
export function useKeptQuestion(
  failure: ConversationState["failure"],
  setDraft: Dispatch<SetStateAction<string>>,
): void {
  const kept = useRef<string | null>(null);
  useEffect(() => {
    const prompt = failure?.ask.prompt ?? null;
    const sent = kept.current;
    kept.current = prompt;
    if (prompt !== null) setDraft(prompt);
    else if (sent !== null) setDraft((now) => (now === sent ? "" : now));
  }, [failure, setDraft]);
}
