import type { Database } from "@/lib/db/client";
import { AppError } from "@/lib/errors";
import type { MarkKind, TurnAnswer } from "@/lib/protocol/conversation-view";
import type { Arena } from "./arena";
import { loadConversation, whileKept } from "./load-conversation";
import {
  createFlagReview,
  createMark,
  deleteFlagReview,
  deleteMarks,
  readMarks,
} from "./marks-store";
import { readMessagesById } from "./store";
import { toTurnAnswer } from "./views";
import { withVisitor } from "./visitor-turn";

/** An answer is good or bad, not both. */
const EXCLUDES: Record<MarkKind, MarkKind[]> = { up: ["down"], down: ["up"], flag: [] };

/**
 * Sets or takes back what a visitor says of an answer of theirs, as often as they like.
 *
 * @returns the answer with its marks.
 * @throws AppError `not-found` or `conflict`; `quota-exceeded` of a report while too many wait
 */
export async function markAnswer(
  arena: Arena,
  asked: {
    conversationId: string;
    visitorId: string;
    mark: { answerId: string; kind: MarkKind; isSet: boolean; note?: string | undefined };
  },
): Promise<TurnAnswer> {
  const { conversationId, visitorId } = asked;
  const { answerId, kind, isSet, note = null } = asked.mark;
  const { sight, state } = await loadConversation(arena.db, asked);
  const answer = state.messages.find(({ id, role }) => id === answerId && role === "assistant");
  if (!answer) {
    throw new AppError("not-found", {
      message: "`answerId` names no answer of this conversation.",
      param: "answerId",
    });
  }
  if (answer.status === "streaming") {
    throw new AppError("conflict", {
      message: "That answer is still being written. Wait for it, or stop it first.",
    });
  }
  const write = async (db: Database) => {
    await deleteMarks(db, answerId, isSet ? EXCLUDES[kind] : [kind]);
    if (!isSet) {
      if (kind === "flag") await deleteFlagReview(db, answerId);
      return;
    }
    await createMark(db, { messageId: answerId, kind, note });
    if (kind !== "flag") return;
    await createFlagReview(db, { visitorId, conversationId, messageId: answerId, note });
  };
  await whileKept(arena.db, asked, () => withVisitor(arena.db, visitorId, write));
  const [row] = await readMessagesById(arena.db, [answerId]);
  // Deleted in between, from another tab.
  if (!row) throw new AppError("not-found", { message: "The conversation was deleted." });
  const marks = (await readMarks(arena.db, conversationId)).get(answerId) ?? [];
  return toTurnAnswer(row, { sight, marks });
}
