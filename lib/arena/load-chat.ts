import type { Database } from "@/lib/db/client";
import { AppError } from "@/lib/errors";
import { assert } from "@/lib/util/assert";
import { isId } from "@/lib/util/id";
import { findConversation, type MessageRow, readMessages } from "./store";

export type LoadedChat = { id: string; modelId: string; modelName: string; rows: MessageRow[] };

/**
 * A direct chat of this visitor's with all that was said in it.
 *
 * @throws AppError `not-found`, also for another visitor's: that it exists is not told.
 */
export async function loadChat(
  db: Database,
  by: { chatId: string; visitorId: string },
): Promise<LoadedChat> {
  const { chatId: id, visitorId } = by;
  const chat = isId(id) ? await findConversation(db, { id, visitorId, kind: "chat" }) : undefined;
  if (chat === undefined) {
    throw new AppError("not-found", { message: "There is no such conversation among yours." });
  }
  const { modelId, modelName } = chat;
  assert(modelId !== null && modelName !== null, "a chat has its model");
  return { id, modelId, modelName, rows: await readMessages(db, id) };
}
