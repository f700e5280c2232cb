import { arena } from "@/lib/arena/arena";
import { startConversation } from "@/lib/arena/take-turn";
import { methodNotAllowed } from "@/lib/http/not-allowed";
import { route } from "@/lib/http/route";
import { jsonLinesReply } from "@/lib/http/stream-reply";
import { startBodySchema } from "@/lib/protocol/conversation-view";

export const POST = route(
  { shape: "parley", caller: "visitor", body: startBodySchema },
  async ({ body: start, visitorId, network, requestId, signal }) =>
    jsonLinesReply(
      await startConversation(arena(), { start, visitorId, network, requestId, signal }),
    ),
);

export const GET = methodNotAllowed("POST");
export const PUT = GET;
export const PATCH = GET;
export const DELETE = GET;
