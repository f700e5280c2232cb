import { methodNotAllowed } from "@/lib/http/not-allowed";
import { parseQuery } from "@/lib/http/parse-query";
import { jsonReply } from "@/lib/http/reply";
import { route } from "@/lib/http/route";
import { getPublished } from "@/lib/leaderboard/read-published";
import { noQuerySchema } from "@/lib/protocol/published-view";

export const dynamic = "force-dynamic";

export const GET = route(
  { shape: "parley", caller: "anyone" },
  async ({ request, params: { id = "" } }) => {
    parseQuery(request, noQuerySchema);
    return jsonReply(await getPublished(id));
  },
);

export const POST = methodNotAllowed("GET");
export const PUT = POST;
export const PATCH = POST;
export const DELETE = POST;
