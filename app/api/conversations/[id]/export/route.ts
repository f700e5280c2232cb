import * as z from "zod";
import { arena } from "@/lib/arena/arena";
import { exportConversation } from "@/lib/history/export-conversation";
import { fileReply } from "@/lib/http/file-reply";
import { methodNotAllowed } from "@/lib/http/not-allowed";
import { parseQuery } from "@/lib/http/parse-query";
import { route } from "@/lib/http/route";

const exportQuerySchema = z.strictObject({ format: z.enum(["md", "json"]).default("json") });

export const GET = route(
  { shape: "parley", caller: "visitor" },
  async ({ request, params: { id: conversationId = "" }, visitorId }) => {
    const { format } = parseQuery(request, exportQuerySchema);
    return fileReply(await exportConversation(arena(), { conversationId, visitorId, format }));
  },
);

export const POST = methodNotAllowed("GET");
export const PUT = POST;
export const PATCH = POST;
export const DELETE = POST;
