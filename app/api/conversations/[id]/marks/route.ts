import { arena } from "@/lib/arena/arena";
import { markAnswer } from "@/lib/arena/mark-answer";
import { methodNotAllowed } from "@/lib/http/not-allowed";
import { jsonReply } from "@/lib/http/reply";
import { route } from "@/lib/http/route";
import { markBodySchema } from "@/lib/protocol/conversation-view";

export const PUT = route(
  { shape: "parley", caller: "visitor", body: markBodySchema },
  async ({ body: mark, params: { id: conversationId = "" }, visitorId }) =>
    jsonReply(await markAnswer(arena(), { conversationId, visitorId, mark })),
);

export const GET = methodNotAllowed("PUT");
export const POST = GET;
export const PATCH = GET;
export const DELETE = GET;
