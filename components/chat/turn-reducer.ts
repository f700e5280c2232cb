import type { AnswerView, MessageView, PromptView, TurnEvent } from "@/lib/protocol/arena-view";

/** How a conversation on the page changes: by events of a turn, by a stop, by a broken connection. Pure. */

function upsert(messages: readonly MessageView[], message: MessageView): MessageView[] {
  const index = messages.findIndex((it) => it.id === message.id);
  return index === -1 ? [...messages, message] : messages.with(index, message);
}

/** A failed side that was tried again keeps its place: the new answer takes over from the old one. */
function dropReplaced(messages: readonly MessageView[], answers: readonly AnswerView[]) {
  return messages.filter(
    (it) =>
      it.role !== "assistant" ||
      it.side === null ||
      !answers.some((next) => next.parentId === it.parentId && next.side === it.side),
  );
}

function appendText(messages: readonly MessageView[], answerId: string, text: string) {
  return messages.map((it) =>
    it.id === answerId && it.role === "assistant" ? { ...it, content: it.content + text } : it,
  );
}

export function applyTurnEvent(messages: readonly MessageView[], event: TurnEvent): MessageView[] {
  switch (event.type) {
    case "turn-start": {
      const kept = dropReplaced(messages, event.answers);
      return event.answers.reduce<MessageView[]>(upsert, upsert(kept, event.prompt));
    }
    case "text-delta":
      return appendText(messages, event.answerId, event.text);
    case "answer-end":
      return upsert(messages, event.answer);
    case "turn-end":
      return [...messages];
  }
}

/** What the reader sees of a stop at once; the server's own account follows. */
export function markStopped(messages: readonly MessageView[]): MessageView[] {
  return messages.map((it) =>
    it.role === "assistant" && it.status === "streaming" ? { ...it, status: "stopped" } : it,
  );
}

export function isAnyStreaming(messages: readonly MessageView[]): boolean {
  return messages.some((it) => it.role === "assistant" && it.status === "streaming");
}

export type BattleTurn = { prompt: PromptView; a: AnswerView | null; b: AnswerView | null };

/** A battle as turns; of several answers of one side the newest counts. */
export function toBattleTurns(messages: readonly MessageView[]): BattleTurn[] {
  const turns = new Map<string, BattleTurn>();
  for (const message of messages) {
    if (message.role === "user") turns.set(message.id, { prompt: message, a: null, b: null });
    else if (message.side !== null) {
      const turn = turns.get(message.parentId);
      if (turn) turn[message.side] = message;
    }
  }
  return [...turns.values()];
}

export type ChatTurn = { prompt: PromptView; answers: AnswerView[]; answer: AnswerView | null };

/**
 * One path through the tree of a chat, from the first prompt to the newest. `chosen` maps a prompt to
 * the answer the reader switched to; without a choice the newest answer leads on.
 */
export function toChatPath(
  messages: readonly MessageView[],
  chosen: Readonly<Record<string, string>>,
): ChatTurn[] {
  const prompts = messages.filter((it) => it.role === "user");
  const allAnswers = messages.filter((it) => it.role === "assistant");
  const path: ChatTurn[] = [];
  let parentId: string | null = null;
  for (;;) {
    const from: string | null = parentId;
    const prompt: PromptView | undefined = prompts.findLast((it) => it.parentId === from);
    if (!prompt) return path;
    const answers: AnswerView[] = allAnswers.filter((it) => it.parentId === prompt.id);
    const answer: AnswerView | null =
      answers.find((it) => it.id === chosen[prompt.id]) ?? answers.at(-1) ?? null;
    path.push({ prompt, answers, answer });
    if (answer === null) return path;
    parentId = answer.id;
  }
}
