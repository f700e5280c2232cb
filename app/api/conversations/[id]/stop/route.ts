import { arena } from "@/lib/arena/arena";
import { stopAnswers } from "@/lib/arena/stop-answers";
import { methodNotAllowed } from "@/lib/http/not-allowed";
import { emptyReply } from "@/lib/http/reply";
import { route } from "@/lib/http/route";
import { stopBodySchema } from "@/lib/protocol/conversation-view";

export const POST = route(
  { shape: "parley", caller: "visitor", body: stopBodySchema },
  async ({ body, params: { id: conversationId = "" }, visitorId }) => {
    await stopAnswers(arena(), { ...body, conversationId, visitorId });
    return emptyReply();
  },
);

export const GET = methodNotAllowed("POST");
export const PUT = GET;
export const PATCH = GET;
export const DELETE = GET;
