import { arena } from "@/lib/arena/arena";
import { takeChatTurn } from "@/lib/arena/chat";
import { methodNotAllowed } from "@/lib/http/not-allowed";
import { route } from "@/lib/http/route";
import { jsonLinesReply } from "@/lib/http/stream-reply";
import { chatTurnBodySchema } from "@/lib/protocol/arena-view";

export const POST = route(
  { shape: "parley", caller: "visitor", body: chatTurnBodySchema },
  async ({ body, params, visitorId, requestId, signal }) =>
    jsonLinesReply(
      await takeChatTurn(arena(), {
        ...body,
        chatId: params.id ?? "",
        visitorId,
        requestId,
        signal,
      }),
    ),
);

export const GET = methodNotAllowed("POST");
export const PUT = GET;
export const PATCH = GET;
export const DELETE = GET;
