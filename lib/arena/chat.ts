import { ensureVisitor } from "@/lib/auth/visitor-store";
import { AppError } from "@/lib/errors";
import { TURNS_MAX } from "@/lib/limits";
import type { ChatView, TurnEvent } from "@/lib/protocol/arena-view";
import { textMessage } from "@/lib/protocol/message";
import { assert } from "@/lib/util/assert";
import type { Arena } from "./arena";
import { getAwakeModel } from "./awake-models";
import { checkChatRoom } from "./check-room";
import { toChatHistory } from "./history";
import { type LoadedChat, loadChat } from "./load-chat";
import { createConversation, type MessageRow, type NewPrompt } from "./store";
import { type PlannedAnswer, takeTurn } from "./take-turn";
import { toMessageViews } from "./views";
import { type Asked, createIds, withVisitor, writeTurn } from "./visitor-turn";

/**
 * Starts a direct chat with one model.
 *
 * @throws AppError `no-worker`, `context-length-exceeded` or `overloaded`, before anything is written.
 */
export async function startChat(
  arena: Arena,
  asked: Asked & { model: string; prompt: string },
): Promise<AsyncIterable<TurnEvent>> {
  const { visitorId, requestId, signal } = asked;
  const { modelId, name: modelName } = await getAwakeModel(arena, asked.model);
  const history = [textMessage("user", asked.prompt)];
  await checkChatRoom(arena, modelName, history, signal);
  const ids = createIds("prompt", "answer");
  const prompt: NewPrompt = { id: ids.prompt, parentId: null, content: asked.prompt };
  const answer = { id: ids.answer, parentId: prompt.id, side: null, modelId, modelName, history };
  await ensureVisitor(arena.db, visitorId);
  const conversationId = await withVisitor(arena.db, visitorId, async (db) => {
    const id = await createConversation(db, { visitorId, kind: "chat", modelId });
    await writeTurn(db, { visitorId, conversationId: id, prompt, answers: [answer] });
    return id;
  });
  return run(arena, { visitorId, conversationId, prompt, answer, requestId, signal });
}

/**
 * The next prompt of a chat, after the answer `parentId`; absent: after the newest.
 *
 * @throws AppError `not-found`, `conflict`, `no-worker`, `context-length-exceeded` or `overloaded`
 */
export async function takeChatTurn(
  arena: Arena,
  asked: Asked & { chatId: string; prompt: string; parentId?: string | undefined },
): Promise<AsyncIterable<TurnEvent>> {
  const { visitorId, requestId, signal } = asked;
  const chat = await loadChat(arena.db, asked);
  const parentId = getParent(chat, asked.parentId).id;
  const history = [...toChatHistory(chat.rows, parentId), textMessage("user", asked.prompt)];
  await checkChatRoom(arena, chat.modelName, history, signal);
  const { modelId, modelName } = chat;
  const ids = createIds("prompt", "answer");
  const prompt: NewPrompt = { id: ids.prompt, parentId, content: asked.prompt };
  const answer = { id: ids.answer, parentId: prompt.id, side: null, modelId, modelName, history };
  await withVisitor(arena.db, visitorId, async (db) => {
    assertNotFull(await loadChat(db, asked));
    await writeTurn(db, { visitorId, conversationId: chat.id, prompt, answers: [answer] });
  });
  return run(arena, { visitorId, conversationId: chat.id, prompt, answer, requestId, signal });
}

/**
 * Another answer to the prompt of `answerId`, beside it.
 *
 * @throws AppError `not-found`, `conflict`, `no-worker`, `context-length-exceeded` or `overloaded`
 */
export async function regenerateAnswer(
  arena: Arena,
  asked: Asked & { chatId: string; answerId: string },
): Promise<AsyncIterable<TurnEvent>> {
  const { visitorId, requestId, signal } = asked;
  const chat = await loadChat(arena.db, asked);
  const before = getAnswer(chat, asked.answerId);
  assertNotStreaming(before);
  const prompt = chat.rows.find((row) => row.id === before.parentId);
  assert(prompt !== undefined, "an answer has its prompt in the same conversation");
  const history = toChatHistory(chat.rows, prompt.id);
  await checkChatRoom(arena, chat.modelName, history, signal);
  const { modelId, modelName } = chat;
  const { id } = createIds("id");
  const answer = { id, parentId: prompt.id, side: null, modelId, modelName, history };
  await withVisitor(arena.db, visitorId, async (db) => {
    assertNotFull(await loadChat(db, asked));
    await writeTurn(db, { visitorId, conversationId: chat.id, answers: [answer] });
  });
  return run(arena, { visitorId, conversationId: chat.id, prompt, answer, requestId, signal });
}

/** @throws AppError `not-found` */
export async function readChat(
  arena: Arena,
  by: { chatId: string; visitorId: string },
): Promise<ChatView> {
  const { id, modelName, rows } = await loadChat(arena.db, by);
  return { id, model: modelName, messages: toMessageViews(rows, "open") };
}

function run(
  arena: Arena,
  turn: {
    visitorId: string;
    conversationId: string;
    prompt: NewPrompt | MessageRow;
    answer: PlannedAnswer;
    requestId: string;
    signal: AbortSignal;
  },
): AsyncIterable<TurnEvent> {
  const { visitorId, conversationId, answer, requestId, signal } = turn;
  const { id, parentId, content } = turn.prompt;
  return takeTurn(arena, {
    ...{ visitorId, conversationId, battleId: null, sight: "open" },
    ...{ requestId, signal },
    prompt: { id, role: "user", parentId, content },
    answers: [answer],
  });
}

function getAnswer(chat: LoadedChat, answerId: string): MessageRow {
  const row = chat.rows.find((it) => it.id === answerId && it.role === "assistant");
  if (row) return row;
  throw new AppError("not-found", { message: "There is no such answer in this conversation." });
}

function getParent(chat: LoadedChat, parentId: string | undefined): MessageRow {
  const newest = chat.rows.findLast((row) => row.role === "assistant");
  assert(newest !== undefined, "a chat begins with an answer");
  const parent = parentId === undefined ? newest : getAnswer(chat, parentId);
  assertNotStreaming(parent);
  if (parent.status === "failed" && parent.content === "") {
    throw conflict("That answer failed. Generate it again before you go on from it.");
  }
  return parent;
}

function assertNotStreaming(answer: MessageRow): void {
  if (answer.status !== "streaming") return;
  throw conflict("That answer is still being written. Wait for it, or stop it first.");
}

function assertNotFull(chat: LoadedChat): void {
  const count = chat.rows.filter((row) => row.role === "assistant").length;
  if (count < TURNS_MAX) return;
  throw conflict(`A conversation holds ${TURNS_MAX} answers. Start a new one.`);
}

function conflict(message: string): AppError {
  return new AppError("conflict", { message });
}
