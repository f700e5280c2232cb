import * as z from "zod";
import { arena } from "@/lib/arena/arena";
import { startConversation } from "@/lib/arena/take-turn";
import { SEARCH_CHARACTERS_MAX } from "@/lib/arena-limits";
import { listConversations } from "@/lib/history/list-conversations";
import { methodNotAllowed } from "@/lib/http/not-allowed";
import { parseQuery } from "@/lib/http/parse-query";
import { jsonReply } from "@/lib/http/reply";
import { route } from "@/lib/http/route";
import { jsonLinesReply } from "@/lib/http/stream-reply";
import { startBodySchema } from "@/lib/protocol/conversation-view";
import { wellFormedPrompt } from "@/lib/protocol/prompt-text";

const listQuerySchema = z.strictObject({
  query: wellFormedPrompt.max(SEARCH_CHARACTERS_MAX).optional(),
  cursor: z.string().max(128).optional(),
});

export const GET = route({ shape: "parley", caller: "visitor" }, async ({ request, visitorId }) =>
  jsonReply(
    await listConversations(arena(), { ...parseQuery(request, listQuerySchema), visitorId }),
  ),
);

export const POST = route(
  { shape: "parley", caller: "visitor", body: startBodySchema },
  async ({ body: start, visitorId, network, requestId, signal }) =>
    jsonLinesReply(
      await startConversation(arena(), { start, visitorId, network, requestId, signal }),
    ),
);

export const PUT = methodNotAllowed("GET", "POST");
export const PATCH = PUT;
export const DELETE = PUT;
