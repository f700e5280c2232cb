import { methodNotAllowed } from "@/lib/http/not-allowed";
import { parseQuery } from "@/lib/http/parse-query";
import { jsonReply } from "@/lib/http/reply";
import { route } from "@/lib/http/route";
import { listPublished } from "@/lib/leaderboard/read-published";
import { noQuerySchema } from "@/lib/protocol/published-view";

export const dynamic = "force-dynamic";

export const GET = route({ shape: "parley", caller: "anyone" }, async ({ request }) => {
  parseQuery(request, noQuerySchema);
  return jsonReply({ boards: await listPublished() });
});

export const POST = methodNotAllowed("GET");
export const PUT = POST;
export const PATCH = POST;
export const DELETE = POST;
