import type { Arena } from "@/lib/arena/arena";
import { readConversation } from "@/lib/arena/read-conversation";
import { AppError } from "@/lib/errors";
import type { ConversationView } from "@/lib/protocol/conversation-view";
import { toMarkdown } from "./markdown";
import { readSharesOfVisitor } from "./share-store";
import { readConversationIds } from "./store";
import { toFileName, toTitle } from "./title";

type By = { visitorId: string };

/** A file to be kept. */
export type ExportFile = { name: string; contentType: string; text: string };

/**
 * One conversation as a file. A blind battle is as blind in it as on its page.
 *
 * @throws AppError `not-found`
 */
export async function exportConversation(
  arena: Arena,
  { format, ...by }: By & { conversationId: string; format: "md" | "json" },
): Promise<ExportFile> {
  const view = await readConversation(arena, by);
  const first = view.messages.find(({ role }) => role === "user");
  const name = toFileName(toTitle(view.title, first?.content ?? ""), format);
  if (format === "md") {
    return { name, contentType: "text/markdown; charset=utf-8", text: toMarkdown(view) };
  }
  const text = `${JSON.stringify(toExport(view), null, 2)}\n`;
  return { name, contentType: "application/json; charset=utf-8", text };
}

/** What JSON has of a conversation: all of it, as its page is told. */
export function toExport(view: ConversationView) {
  return { format: "parley-conversation", version: 1, ...view };
}

/**
 * All that is kept of a visitor, as pieces of one JSON document; one conversation is in memory at a time.
 * One that is deleted meanwhile is left out.
 */
export async function* exportEverything(arena: Arena, { visitorId }: By): AsyncGenerator<string> {
  const shares = await readSharesOfVisitor(arena.db, visitorId);
  const head = {
    ...{ format: "parley-visitor", version: 1, exportedAt: new Date().toISOString() },
    shares: shares.map((it) => ({ ...it, createdAt: it.createdAt.toISOString() })),
  };
  yield `${JSON.stringify(head).slice(0, -1)},"conversations":[`;
  let separator = "\n";
  for (const conversationId of await readConversationIds(arena.db, visitorId)) {
    const view = await readConversation(arena, { conversationId, visitorId }).catch(ifGone);
    if (view === undefined) continue;
    yield separator + JSON.stringify(toExport(view));
    separator = ",\n";
  }
  yield "\n]}\n";
}

function ifGone(error: unknown): undefined {
  if (error instanceof AppError && error.code === "not-found") return undefined;
  throw error;
}
