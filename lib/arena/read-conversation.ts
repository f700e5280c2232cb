import { MESSAGES_SHOWN_AT_ONCE } from "@/lib/arena-limits";
import { AppError } from "@/lib/errors";
import type { ConversationMessage, ConversationView } from "@/lib/protocol/conversation-view";
import type { Arena } from "./arena";
import { toPairVote } from "./battle-store";
import { type MessageState, toAnswersByPrompt, toAttempts } from "./conversation-state";
import { type LoadedConversation, loadConversation, whileKept } from "./load-conversation";
import { readMarks } from "./marks-store";
import { readReveal } from "./read-reveal";
import { readMessages, readMessagesById } from "./store";
import { toPromptView, toTurnAnswer } from "./views";

/** A part of a conversation: the newest messages, or those before one of them. */
export type ConversationPage = { before?: string | undefined };

/**
 * A visitor's own conversation, whole or a page of it. A battle is blind until its vote, and of an answer
 * that is being written it has what its readers were told.
 *
 * @throws AppError `not-found`, also where `before` names no message of it.
 */
export async function readConversation(arena: Arena, by: Reading): Promise<ConversationView> {
  return whileKept(arena.db, by, () => readWhole(arena, by));
}

type Reading = { conversationId: string; visitorId: string; page?: ConversationPage };

async function readWhole(arena: Arena, by: Reading): Promise<ConversationView> {
  const loaded = await loadConversation(arena.db, by);
  const { id, kind, title, createdAt, settings, sight, votes, state } = loaded;
  const standing = kind === "battle" ? withoutReplaced(state.messages) : state.messages;
  const { part, earlier } = by.page ? toPart(standing, by.page) : { part: standing };
  const [rows, marks, reveal] = await Promise.all([
    by.page || kind === "battle"
      ? readMessagesById(
          arena.db,
          part.map((it) => it.id),
        )
      : readMessages(arena.db, id),
    readMarks(arena.db, id),
    sight === "open" && kind === "battle" ? readReveal(arena, loaded) : null,
  ]);
  const messages = rows.map(
    (row): ConversationMessage =>
      row.role === "user"
        ? toPromptView(row)
        : toTurnAnswer(row, { sight, marks: marks.get(row.id) ?? [] }),
  );
  return {
    ...{ id, kind, title, createdAt: createdAt.toISOString(), settings },
    ...{ models: toModels(loaded), messages, votes: votes.map(toPairVote), reveal },
    ...(earlier !== undefined && { earlier }),
  };
}

function toPart(
  messages: readonly MessageState[],
  { before }: ConversationPage,
): { part: readonly MessageState[]; earlier?: string | undefined } {
  const end =
    before === undefined ? messages.length : messages.findIndex(({ id }) => id === before);
  if (end === -1) {
    throw new AppError("not-found", {
      message: "`before` names no message of this conversation.",
      param: "before",
    });
  }
  const start = Math.max(0, end - MESSAGES_SHOWN_AT_ONCE);
  return { part: messages.slice(start, end), earlier: start > 0 ? messages[start]?.id : undefined };
}

/** Of each prompt the newest attempt, and of a side of it that was tried again the newest answer. */
function withoutReplaced(messages: readonly MessageState[]): MessageState[] {
  const answers = toAnswersByPrompt(messages);
  const standing = new Set(
    messages.flatMap(({ id }) => {
      const newest = toAttempts(answers.get(id) ?? [], id).at(-1);
      return [newest?.a, newest?.b];
    }),
  );
  return messages.filter((it) => it.role === "user" || standing.has(it));
}

function toModels({ sight, pair, model }: LoadedConversation): ConversationView["models"] {
  if (sight === "blind") return null;
  if (pair) return { a: pair.a.name, b: pair.b.name };
  return { model: model?.name ?? "" };
}
