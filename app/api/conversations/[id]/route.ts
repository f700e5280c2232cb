import { arena } from "@/lib/arena/arena";
import { readChat } from "@/lib/arena/chat";
import { methodNotAllowed } from "@/lib/http/not-allowed";
import { jsonReply } from "@/lib/http/reply";
import { route } from "@/lib/http/route";

export const GET = route({ shape: "parley", caller: "visitor" }, async ({ params, visitorId }) =>
  jsonReply(await readChat(arena(), { chatId: params.id ?? "", visitorId })),
);

export const POST = methodNotAllowed("GET");
export const PUT = POST;
export const PATCH = POST;
export const DELETE = POST;
