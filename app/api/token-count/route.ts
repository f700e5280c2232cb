import { arena } from "@/lib/arena/arena";
import { countTokens } from "@/lib/arena/token-count";
import { methodNotAllowed } from "@/lib/http/not-allowed";
import { jsonReply } from "@/lib/http/reply";
import { route } from "@/lib/http/route";
import { tokenCountBodySchema } from "@/lib/protocol/arena-view";

export const POST = route(
  { shape: "parley", caller: "visitor", body: tokenCountBodySchema },
  async ({ body, visitorId, signal }) =>
    jsonReply(await countTokens(arena(), { ...body, visitorId, signal })),
);

export const GET = methodNotAllowed("POST");
export const PUT = GET;
export const PATCH = GET;
export const DELETE = GET;
