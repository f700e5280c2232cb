"use client";

import { useEffect } from "react";
import type { ConversationState } from "./conversation-client";

/** A question that reached nobody goes back to where it was typed. */
export function useKeptQuestion(
  failure: ConversationState["failure"],
  setDraft: (prompt: string) => void,
): void {
  useEffect(() => {
    if (failure?.ask.prompt) setDraft(failure.ask.prompt);
  }, [failure, setDraft]);
}
