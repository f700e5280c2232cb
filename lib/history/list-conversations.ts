import type { Arena } from "@/lib/arena/arena";
import { HISTORY_PAGE_MAX } from "@/lib/arena-limits";
import { AppError } from "@/lib/errors";
import type { ConversationItem } from "@/lib/protocol/conversation-view";
import { isId } from "@/lib/util/id";
import { toSearchQuery } from "./search-query";
import { type ItemRow, type ListPlace, readItems } from "./store";
import { toTitle } from "./title";

/**
 * A page of the visitor's conversations, the newest first; with `query` those in which it is found. A blind
 * battle is in it without its models.
 *
 * @throws AppError `invalid-request` for a cursor that no page of ours ended with.
 */
export async function listConversations(
  { db }: Pick<Arena, "db">,
  list: { visitorId: string; query?: string | undefined; cursor?: string | undefined },
): Promise<{ conversations: ConversationItem[]; cursor: string | null }> {
  const { visitorId, query = "", cursor } = list;
  const after = cursor === undefined ? undefined : parseCursor(cursor);
  const search = toSearchQuery(query);
  // One more than is shown tells whether there are others.
  const rows = await readItems(db, { visitorId, after, search, limit: HISTORY_PAGE_MAX + 1 });
  const shown = rows.slice(0, HISTORY_PAGE_MAX);
  const last = rows.length > HISTORY_PAGE_MAX ? shown.at(-1) : undefined;
  return { conversations: shown.map(toItem), cursor: last ? toCursor(last) : null };
}

export function toItem(row: ItemRow): ConversationItem {
  const { id, kind, models, isRunning, excerpt } = row;
  return {
    ...{ id, kind, models, isRunning, excerpt },
    title: toTitle(row.title, row.prompt),
    updatedAt: new Date(row.updatedAt).toISOString(),
  };
}

function toCursor({ updatedMicros, id }: ListPlace): string {
  return Buffer.from(`${updatedMicros}.${id}`, "latin1").toString("base64url");
}

function parseCursor(cursor: string): ListPlace {
  const [updatedMicros = "", id = ""] = Buffer.from(cursor, "base64url")
    .toString("latin1")
    .split(".");
  if (/^\d{1,17}$/.test(updatedMicros) && isId(id)) return { updatedMicros, id };
  throw new AppError("invalid-request", {
    message: "`cursor` is none that a list ended with; leave it out to begin anew.",
    param: "cursor",
  });
}
