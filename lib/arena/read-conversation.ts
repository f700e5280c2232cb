import type { ConversationMessage, ConversationView } from "@/lib/protocol/conversation-view";
import type { Arena } from "./arena";
import { toPairVote } from "./battle-store";
import { toAttempts } from "./conversation-state";
import { type LoadedConversation, loadConversation } from "./load-conversation";
import { readMarks } from "./marks-store";
import { readReveal } from "./read-reveal";
import { type MessageRow, readMessages } from "./store";
import { toPromptView, toTurnAnswer } from "./views";

/**
 * A visitor's own conversation, whole. A battle is blind until its vote, and of an answer that is being
 * written it has what its readers were told.
 *
 * @throws AppError `not-found`
 */
export async function readConversation(
  arena: Arena,
  by: { conversationId: string; visitorId: string },
): Promise<ConversationView> {
  const loaded = await loadConversation(arena.db, by);
  const { id, kind, title, createdAt, settings, sight, votes } = loaded;
  const [rows, marks, reveal] = await Promise.all([
    readMessages(arena.db, id),
    readMarks(arena.db, id),
    sight === "open" && kind === "battle" ? readReveal(arena, loaded) : null,
  ]);
  const shown = kind === "battle" ? withoutReplaced(rows) : rows;
  const messages = shown.map(
    (row): ConversationMessage =>
      row.role === "user"
        ? toPromptView(row)
        : toTurnAnswer(row, { sight, marks: marks.get(row.id) ?? [] }),
  );
  return {
    ...{ id, kind, title, createdAt: createdAt.toISOString(), settings },
    ...{ models: toModels(loaded), messages, votes: votes.map(toPairVote), reveal },
  };
}

/** Of each prompt the newest attempt, and of a side of it that was tried again the newest answer. */
function withoutReplaced(rows: readonly MessageRow[]): MessageRow[] {
  const standing = new Set(
    rows.flatMap((row) => {
      if (row.role !== "user") return [];
      const newest = toAttempts(rows, row.id).at(-1);
      return [newest?.a, newest?.b];
    }),
  );
  return rows.filter((row) => row.role === "user" || standing.has(row));
}

function toModels({ sight, pair, model }: LoadedConversation): ConversationView["models"] {
  if (sight === "blind") return null;
  if (pair) return { a: pair.a.name, b: pair.b.name };
  return { model: model?.name ?? "" };
}
