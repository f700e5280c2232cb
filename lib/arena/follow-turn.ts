import { FOLLOW_INTERVAL_MS, READER_SIGN_INTERVAL_MS } from "@/lib/arena-limits";
import type { ConversationEvent } from "@/lib/protocol/conversation-view";
import { assert } from "@/lib/util/assert";
import { wait } from "@/lib/util/wait";
import type { Arena } from "./arena";
import { type LoadedConversation, loadConversation } from "./load-conversation";
import { type MessageRow, readMessagesById, touchConversation } from "./store";
import { type Sight, toPromptView, toTurnAnswer } from "./views";

/**
 * The turn of a conversation that is under way, from what was said so far to its end: live where this
 * process runs it, and else as its rows grow.
 *
 * @returns undefined where nothing is under way.
 * @throws AppError `not-found`
 */
export async function followTurn(
  arena: Arena,
  asked: { conversationId: string; visitorId: string; signal: AbortSignal },
): Promise<AsyncIterable<ConversationEvent> | undefined> {
  const loaded = await loadConversation(arena.db, asked);
  const run = arena.runs.find(asked.conversationId);
  if (run) return run.read();
  const running = loaded.state.messages.filter(({ status }) => status === "streaming");
  const [first] = running;
  if (first === undefined) return undefined;
  // Those of its attempt: one side may have ended.
  const ids = loaded.state.messages
    .filter((it) => it.parentId === first.parentId && it.attempt === first.attempt)
    .filter((it, _, all) => all.findLast(({ side }) => side === it.side) === it)
    .map(({ id }) => id);
  assert(first.parentId !== null, "an answer has its prompt");
  return followRows(arena, { ...asked, loaded, promptId: first.parentId, ids });
}

type Following = {
  conversationId: string;
  loaded: LoadedConversation;
  promptId: string;
  ids: readonly string[];
  signal: AbortSignal;
};

async function* followRows(
  { db }: Arena,
  { conversationId, loaded, promptId, ids, signal }: Following,
): AsyncGenerator<ConversationEvent> {
  const { sight, kind } = loaded;
  const rows = await readMessagesById(db, [promptId, ...ids]);
  const prompt = rows.find(({ role }) => role === "user");
  if (!prompt) return;
  let known = rows.filter(({ role }) => role === "assistant");
  const answers = known.map((row) => toTurnAnswer(row, { sight, marks: [] }));
  yield { type: "turn-start", conversationId, kind, prompt: toPromptView(prompt), answers };
  let signMs = Number.NEGATIVE_INFINITY;
  while (known.some(({ status }) => status === "streaming")) {
    if (performance.now() - signMs > READER_SIGN_INTERVAL_MS) {
      signMs = performance.now();
      await touchConversation(db, conversationId);
    }
    try {
      await wait(FOLLOW_INTERVAL_MS, signal);
    } catch {
      return;
    }
    const now = await readMessagesById(db, ids);
    for (const row of now) {
      const before = known.find(({ id }) => id === row.id);
      if (before) yield* tellNews(before, row, sight);
    }
    known = now;
  }
  yield { type: "turn-end" };
}

function* tellNews(
  before: MessageRow,
  row: MessageRow,
  sight: Sight,
): Generator<ConversationEvent> {
  if (before.status !== "streaming") return;
  const answerId = row.id;
  const text = row.content.slice(before.content.length);
  const reasoning = row.reasoning.slice(before.reasoning.length);
  if (reasoning !== "" && sight === "open") {
    yield { type: "reasoning-delta", answerId, text: reasoning };
  }
  if (text !== "") yield { type: "text-delta", answerId, text };
  if (row.status !== "streaming") {
    yield { type: "answer-end", answer: toTurnAnswer(row, { sight, marks: [] }) };
  }
}
