import { arena } from "@/lib/arena/arena";
import { startChat } from "@/lib/arena/chat";
import { methodNotAllowed } from "@/lib/http/not-allowed";
import { route } from "@/lib/http/route";
import { jsonLinesReply } from "@/lib/http/stream-reply";
import { startChatBodySchema } from "@/lib/protocol/arena-view";

export const POST = route(
  { shape: "parley", caller: "visitor", body: startChatBodySchema },
  async ({ body, visitorId, requestId, signal }) =>
    jsonLinesReply(await startChat(arena(), { ...body, visitorId, requestId, signal })),
);

export const GET = methodNotAllowed("POST");
export const PUT = GET;
export const PATCH = GET;
export const DELETE = GET;
