import { arena } from "@/lib/arena/arena";
import { followTurn } from "@/lib/arena/follow-turn";
import { methodNotAllowed } from "@/lib/http/not-allowed";
import { emptyReply } from "@/lib/http/reply";
import { route } from "@/lib/http/route";
import { jsonLinesReply } from "@/lib/http/stream-reply";

export const GET = route(
  { shape: "parley", caller: "visitor" },
  async ({ params: { id: conversationId = "" }, visitorId, signal }) => {
    const events = await followTurn(arena(), { conversationId, visitorId, signal });
    return events ? jsonLinesReply(events) : emptyReply();
  },
);

export const POST = methodNotAllowed("GET");
export const PUT = POST;
export const PATCH = POST;
export const DELETE = POST;
