"use client";

import { useEffect } from "react";
import { useTermsRefusal } from "../terms/use-terms";
import type { ConversationState } from "./conversation-client";

/** A question that reached nobody goes back to where it was typed. */
export function useKeptQuestion(
  failure: ConversationState["failure"],
  setDraft: (prompt: string) => void,
): void {
  const onRefusal = useTermsRefusal();
  useEffect(() => {
    if (!failure) return;
    onRefusal(failure.error.param);
    if (failure.ask.prompt) setDraft(failure.ask.prompt);
  }, [failure, setDraft, onRefusal]);
}
