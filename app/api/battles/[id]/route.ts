import { arena } from "@/lib/arena/arena";
import { readBattle } from "@/lib/arena/read-battle";
import { methodNotAllowed } from "@/lib/http/not-allowed";
import { jsonReply } from "@/lib/http/reply";
import { route } from "@/lib/http/route";

export const GET = route({ shape: "parley", caller: "visitor" }, async ({ params, visitorId }) =>
  jsonReply(await readBattle(arena(), { battleId: params.id ?? "", visitorId })),
);

export const POST = methodNotAllowed("GET");
export const PUT = POST;
export const PATCH = POST;
export const DELETE = POST;
