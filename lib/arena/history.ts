import type { Side } from "@/lib/protocol/arena-view";
import { type Message, textMessage } from "@/lib/protocol/message";
import { assert } from "@/lib/util/assert";
import type { MessageRow } from "./store";

/**
 * What a side of a battle is asked: the prompts up to `promptId`, each earlier one with that side's own
 * answer. A model never reads what the other said.
 */
export function toBattleHistory(
  rows: readonly MessageRow[],
  side: Side,
  promptId?: string,
): Message[] {
  const history: Message[] = [];
  for (const row of rows) {
    if (row.role !== "user") continue;
    history.push(textMessage("user", row.content));
    if (row.id === promptId) return history;
    const answer = rows.findLast((other) => other.parentId === row.id && other.side === side);
    assert(answer?.status === "complete" || answer?.status === "stopped", "past turns are settled");
    history.push(textMessage("assistant", answer.content));
  }
  assert(promptId === undefined, "the prompt is one of the battle");
  return history;
}

/** The branch of a chat from its root to `leafId`, that message included. */
export function toChatHistory(rows: readonly MessageRow[], leafId: string | null): Message[] {
  const byId = new Map(rows.map((row) => [row.id, row]));
  const history: Message[] = [];
  for (let id = leafId; id !== null; ) {
    const row = byId.get(id);
    assert(row !== undefined, "a parent is in the same conversation");
    history.push(textMessage(row.role, row.content));
    id = row.parentId;
  }
  return history.reverse();
}
