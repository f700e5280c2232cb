"use client";

import { useEffect, useRef } from "react";
import type { Standing } from "@/components/chat/conversation-client";
import type { PairVote } from "@/lib/protocol/conversation-view";
import { CHOICES, outcomeSentence } from "./outcome-sentence";

export type OutcomeOptions = {
  standing: Standing | null;
  announce: (sentence: string) => void;
};

const toKey = ({ answerAId, answerBId }: PairVote) => `${answerAId} ${answerBId}`;

/** Says what a vote of this page opened, and brings the pane heads, where the names appear, into view. */
export function useOutcome({ standing, announce }: OutcomeOptions): void {
  const seen = useRef<{ id: string; votes: ReadonlySet<string> } | null>(null);
  useEffect(() => {
    const before = seen.current;
    const votes = new Set(standing?.votes.map(toKey));
    seen.current = standing && { id: standing.id, votes };
    // What was voted before this page was opened is shown and not said.
    if (!standing || before?.id !== standing.id) return;
    const vote = standing.votes.find((it) => !before.votes.has(toKey(it)));
    if (!vote) return;
    const { reveal } = standing;
    if (!vote.blind || !reveal) {
      announce(`${CHOICES[vote.outcome]} Your vote is kept.`);
      return;
    }
    const counts = reveal.uncounted === null ? "" : ` ${reveal.uncounted}`;
    announce(
      `${outcomeSentence(vote.outcome, reveal)}${counts} A was ${reveal.a.model}, B was ${reveal.b.model}.`,
    );
    document.querySelector(`[data-answer="${vote.answerAId}"]`)?.scrollIntoView();
  }, [standing, announce]);
}
