"use client";

import { useEffect, useRef } from "react";
import type { Standing } from "@/components/chat/conversation-client";
import { CHOICES, outcomeSentence } from "./outcome-sentence";

export type OutcomeOptions = {
  standing: Standing | null;
  announce: (sentence: string) => void;
};

/** Says what a vote of this page opened, and brings the pane heads, where the names appear, into view. */
export function useOutcome({ standing, announce }: OutcomeOptions): void {
  const seen = useRef<{ id: string; votes: number } | null>(null);
  useEffect(() => {
    const before = seen.current;
    seen.current = standing && { id: standing.id, votes: standing.votes.length };
    const isNew = standing && before?.id === standing.id && before.votes < standing.votes.length;
    const vote = standing?.votes.at(-1);
    if (!isNew || !vote) return;
    const { reveal } = standing;
    if (!vote.blind || !reveal) {
      announce(`${CHOICES[vote.outcome]} Your vote is kept.`);
      return;
    }
    const counts = reveal.uncounted === null ? "" : ` ${reveal.uncounted}`;
    announce(
      `${outcomeSentence(vote.outcome, reveal)}${counts} A was ${reveal.a.model}, B was ${reveal.b.model}.`,
    );
    [...document.querySelectorAll("[data-turn]")].at(-1)?.scrollIntoView();
  }, [standing, announce]);
}
