import * as z from "zod";
import { arena } from "@/lib/arena/arena";
import { readConversation } from "@/lib/arena/read-conversation";
import { deleteConversation, renameConversation } from "@/lib/history/edit-conversation";
import { methodNotAllowed } from "@/lib/http/not-allowed";
import { parseQuery } from "@/lib/http/parse-query";
import { emptyReply, jsonReply } from "@/lib/http/reply";
import { route } from "@/lib/http/route";
import { renameBodySchema } from "@/lib/protocol/conversation-view";

const pageSchema = z.strictObject({ before: z.uuid().optional() });

export const GET = route(
  { shape: "parley", caller: "visitor" },
  async ({ request, params: { id: conversationId = "" }, visitorId }) => {
    const page = parseQuery(request, pageSchema);
    return jsonReply(await readConversation(arena(), { conversationId, visitorId, page }));
  },
);

export const PATCH = route(
  { shape: "parley", caller: "visitor", body: renameBodySchema },
  async ({ body, params: { id: conversationId = "" }, visitorId }) =>
    jsonReply(await renameConversation(arena(), { ...body, conversationId, visitorId })),
);

export const DELETE = route(
  { shape: "parley", caller: "visitor" },
  async ({ params: { id: conversationId = "" }, visitorId }) => {
    await deleteConversation(arena(), { conversationId, visitorId });
    return emptyReply();
  },
);

export const POST = methodNotAllowed("GET", "PATCH", "DELETE");
export const PUT = POST;
