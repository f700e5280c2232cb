"use client";

import { useRef, useState } from "react";
import { answerOf, type Turn } from "@/components/chat/thread";
import type { Conversation } from "@/components/chat/use-conversation";
import { loadConversationViews } from "@/components/load-conversation-views";
import { requestChecked, toRequestError } from "@/components/request-json";
import { paths } from "@/lib/paths";
import type { Outcome } from "@/lib/protocol/arena-view";
import type {
  ConversationView,
  PairVote,
  PairVoteBody,
  VoteReason,
} from "@/lib/protocol/conversation-view";

/** A vote that is being sent, or was not taken; it belongs to its two answers and is shown with no others. */
export type VoteAttempt = {
  promptId: string;
  answerAId: string;
  sending: Outcome | null;
  problem: string | null;
};

function sendVote(id: string, method: "POST" | "PATCH", body: unknown): Promise<ConversationView> {
  return requestChecked(
    paths.api.conversationVote(id),
    loadConversationViews().then((views) => views.conversationViewSchema),
    { method, body },
  );
}

/** Casts votes on the turns of a pair and adds their reasons. */
export function useVote({ standing, client }: Pick<Conversation, "standing" | "client">) {
  const [attempt, setAttempt] = useState<VoteAttempt | null>(null);
  const isSending = useRef(false);
  /** One after the other, so that the last choice is the one that stays. */
  const sent = useRef<Promise<unknown>>(Promise.resolve());

  async function vote(turn: Turn, outcome: Outcome): Promise<boolean> {
    const [a, b] = [answerOf(turn.attempt, "a"), answerOf(turn.attempt, "b")];
    if (!standing || isSending.current || !a || !b) return false;
    isSending.current = true;
    const place = { promptId: turn.prompt.id, answerAId: a.id };
    setAttempt({ ...place, sending: outcome, problem: null });
    try {
      const body: PairVoteBody = { outcome, answerAId: a.id, answerBId: b.id };
      client.show(await sendVote(standing.id, "POST", body));
      setAttempt(null);
      return true;
    } catch (error) {
      const problem = toRequestError(error);
      setAttempt({ ...place, sending: null, problem: problem.message });
      // It may have been cast in another tab.
      if (problem.code === "conflict") await client.refresh();
      return false;
    } finally {
      isSending.current = false;
    }
  }

  function giveReasons({ answerAId, answerBId }: PairVote, reasons: VoteReason[]): void {
    if (!standing) return;
    const isSame = (it: PairVote) => it.answerAId === answerAId && it.answerBId === answerBId;
    const put = (next: VoteReason[]) =>
      client.patchStanding({
        votes: (client.state().standing?.votes ?? []).map((it) =>
          isSame(it) ? { ...it, reasons: next } : it,
        ),
      });
    const before = standing.votes.find(isSame)?.reasons ?? [];
    put(reasons);
    sent.current = sent.current.then(() =>
      sendVote(standing.id, "PATCH", { answerAId, answerBId, reasons }).catch(() => put(before)),
    );
  }

  return { attempt, vote, giveReasons };
}
