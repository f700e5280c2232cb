import type { Arena } from "@/lib/arena/arena";
import { withVisitor } from "@/lib/arena/visitor-turn";
import { AppError } from "@/lib/errors";
import type { ConversationItem } from "@/lib/protocol/conversation-view";
import { isId } from "@/lib/util/id";
import { toItem } from "./list-conversations";
import { deleteConversationRow, deleteVisitorRows, readItems, saveTitle } from "./store";

type By = { conversationId: string; visitorId: string };

/**
 * Names a conversation; null: by its first prompt again.
 *
 * @throws AppError `not-found`, also for another visitor's: that it exists is not told.
 */
export async function renameConversation(
  { db }: Pick<Arena, "db">,
  { conversationId: id, visitorId, title }: By & { title: string | null },
): Promise<ConversationItem> {
  if (!isId(id) || !(await saveTitle(db, { id, visitorId, title }))) throw noSuchConversation();
  const [row] = await readItems(db, { visitorId, id, limit: 1 });
  // Deleted in between.
  if (row === undefined) throw noSuchConversation();
  return toItem(row);
}

/**
 * Deletes a conversation with its votes and public links. An answer that is being written is ended by the
 * process that writes it, which finds its row gone. What ratings know of its vote holds no words and stays.
 *
 * @throws AppError `not-found`
 */
export async function deleteConversation(
  { db }: Pick<Arena, "db">,
  { conversationId: id, visitorId }: By,
): Promise<void> {
  if (!isId(id)) throw noSuchConversation();
  // Whoever votes or asks in another tab has done so before, or finds nothing.
  const isDeleted = await withVisitor(db, visitorId, (transaction) =>
    deleteConversationRow(transaction, { id, visitorId }),
  );
  if (!isDeleted) throw noSuchConversation();
}

/** Deletes all that is kept of a visitor; what remains of their calls and votes no longer says whose they were. */
export async function deleteEverything(
  { db }: Pick<Arena, "db">,
  { visitorId }: { visitorId: string },
): Promise<{ conversations: number }> {
  return { conversations: await deleteVisitorRows(db, visitorId) };
}

function noSuchConversation(): AppError {
  return new AppError("not-found", { message: "There is no such conversation among yours." });
}
