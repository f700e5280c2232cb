import { arena } from "@/lib/arena/arena";
import { readConversation } from "@/lib/arena/read-conversation";
import { methodNotAllowed } from "@/lib/http/not-allowed";
import { jsonReply } from "@/lib/http/reply";
import { route } from "@/lib/http/route";

export const GET = route(
  { shape: "parley", caller: "visitor" },
  async ({ params: { id: conversationId = "" }, visitorId }) =>
    jsonReply(await readConversation(arena(), { conversationId, visitorId })),
);

export const POST = methodNotAllowed("GET");
export const PUT = POST;
export const PATCH = POST;
export const DELETE = POST;
