import type { Side } from "@/lib/protocol/arena-view";
import { type Message, textMessage } from "@/lib/protocol/message";
import { assert } from "@/lib/util/assert";
import { findSettledPair, type MessageState, toAnswersByPrompt } from "./conversation-state";

type Said = Pick<MessageState, "id" | "role">;

/**
 * What a model has read before the next prompt: the branch from the root to `leafId`, that message included.
 * In a chat it goes through answers. In a pair it goes through prompts, each with that side's own answer,
 * and a model never reads what the other said.
 *
 * @param leafId what the next prompt follows; null: nothing.
 */
export function toBranch(
  messages: readonly MessageState[],
  { side, leafId }: { side: Side | null; leafId: string | null },
): Said[] {
  const byId = new Map(messages.map((message) => [message.id, message]));
  const answers = toAnswersByPrompt(side === null ? [] : messages);
  const branch: Said[] = [];
  for (let id = leafId; id !== null; ) {
    const message = byId.get(id);
    assert(message !== undefined, "a parent is in the same conversation");
    if (side !== null) {
      const answer = findSettledPair(answers.get(message.id) ?? [], message.id)?.[side];
      assert(answer !== undefined, "past turns of a pair are settled");
      branch.push(answer);
    }
    branch.push(message);
    id = message.parentId;
  }
  return branch.reverse();
}

/** What a model thought before it answered is in no history. */
export function toHistory(
  branch: readonly Said[],
  contents: ReadonlyMap<string, string>,
): Message[] {
  return branch.map(({ id, role }) => {
    const content = contents.get(id);
    assert(content !== undefined, "a message of the branch was read");
    return textMessage(role, content);
  });
}
