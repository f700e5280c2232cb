"use client";

import { useCallback, useMemo, useState } from "react";
import type { ConversationClient } from "@/components/chat/conversation-client";
import { send, toRequestError } from "@/components/request-json";
import { paths } from "@/lib/paths";
import type { MarkKind, TurnAnswer } from "@/lib/protocol/conversation-view";

export type Marking = { answer: TurnAnswer; kind: MarkKind; isSet: boolean; note?: string };

export type Marks = {
  mark: (marking: Marking) => Promise<void>;
  /** Why the last mark was not kept. */
  problem: { answerId: string; message: string } | null;
};

/** One takes the other away, on the server as well. */
const OPPOSITE: Partial<Record<MarkKind, MarkKind>> = { up: "down", down: "up" };

/** A reader's marks on answers: shown at once, taken back where the server did not keep them. */
export function useMarks(client: ConversationClient): Marks {
  const [problem, setProblem] = useState<Marks["problem"]>(null);
  const mark = useCallback(
    async ({ answer, kind, isSet, note }: Marking) => {
      const id = client.state().standing?.id;
      if (id === undefined) return;
      const { id: answerId, marks: before } = answer;
      const opposite = OPPOSITE[kind];
      const others = before.filter((it) => it !== kind && !(isSet && it === opposite));
      client.patchAnswer(answerId, (it) => ({ ...it, marks: isSet ? [...others, kind] : others }));
      setProblem(null);
      try {
        await send(paths.api.conversationMarks(id), {
          method: "PUT",
          body: { answerId, kind, isSet, ...(note && { note }) },
        });
      } catch (error) {
        client.patchAnswer(answerId, (it) => ({ ...it, marks: before }));
        setProblem({ answerId, message: toRequestError(error).message });
      }
    },
    [client],
  );
  // The same object until something changes, since every row is drawn from it.
  return useMemo(() => ({ mark, problem }), [mark, problem]);
}
