import { arena } from "@/lib/arena/arena";
import { takeTurn } from "@/lib/arena/take-turn";
import { methodNotAllowed } from "@/lib/http/not-allowed";
import { route } from "@/lib/http/route";
import { jsonLinesReply } from "@/lib/http/stream-reply";
import { turnBodySchema } from "@/lib/protocol/conversation-view";

export const POST = route(
  { shape: "parley", caller: "visitor", body: turnBodySchema },
  async ({ body: turn, params, visitorId, network, requestId, signal }) => {
    const conversationId = params.id ?? "";
    const asked = { conversationId, visitorId, network, requestId, signal, turn };
    return jsonLinesReply(await takeTurn(arena(), asked));
  },
);

export const GET = methodNotAllowed("POST");
export const PUT = GET;
export const PATCH = GET;
export const DELETE = GET;
