import * as z from "zod";
import { arena } from "@/lib/arena/arena";
import { createShare, previewShare } from "@/lib/history/shares";
import { methodNotAllowed } from "@/lib/http/not-allowed";
import { parseQuery } from "@/lib/http/parse-query";
import { jsonReply } from "@/lib/http/reply";
import { route } from "@/lib/http/route";
import { shareBodySchema } from "@/lib/protocol/share";

const previewQuerySchema = z.strictObject({ leafId: z.uuid().optional() });

export const GET = route(
  { shape: "parley", caller: "visitor" },
  async ({ request, params: { id: conversationId = "" }, visitorId }) => {
    const { leafId } = parseQuery(request, previewQuerySchema);
    return jsonReply(await previewShare(arena(), { conversationId, visitorId, leafId }));
  },
);

export const POST = route(
  { shape: "parley", caller: "visitor", body: shareBodySchema },
  async ({ body, params: { id: conversationId = "" }, visitorId }) =>
    jsonReply(await createShare(arena(), { ...body, conversationId, visitorId }), { status: 201 }),
);

export const PUT = methodNotAllowed("GET", "POST");
export const PATCH = PUT;
export const DELETE = PUT;
