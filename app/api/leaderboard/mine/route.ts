import { readVisitorId } from "@/lib/auth/visitor";
import { methodNotAllowed } from "@/lib/http/not-allowed";
import { parseQuery } from "@/lib/http/parse-query";
import { jsonReply } from "@/lib/http/reply";
import { route } from "@/lib/http/route";
import { readPersonalBoard } from "@/lib/leaderboard/personal-board";
import { noQuerySchema } from "@/lib/protocol/published-view";

export const dynamic = "force-dynamic";

/** Whoever has no cookie has voted on nothing, and gets none for asking. */
export const GET = route({ shape: "parley", caller: "anyone" }, async ({ request }) => {
  parseQuery(request, noQuerySchema);
  const visitorId = readVisitorId(request.headers.get("cookie"));
  const headers = { "cache-control": "private, no-store", vary: "cookie" };
  return jsonReply(await readPersonalBoard(visitorId), { headers });
});

export const POST = methodNotAllowed("GET");
export const PUT = POST;
export const PATCH = POST;
export const DELETE = POST;
