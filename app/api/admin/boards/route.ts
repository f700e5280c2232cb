import { methodNotAllowed } from "@/lib/http/not-allowed";
import { parseQuery } from "@/lib/http/parse-query";
import { jsonReply } from "@/lib/http/reply";
import { route } from "@/lib/http/route";
import { publications } from "@/lib/leaderboard/publications";
import { noQuerySchema, publishBodySchema } from "@/lib/protocol/published-view";

export const dynamic = "force-dynamic";

export const GET = route({ shape: "parley", caller: "admin" }, async ({ request }) => {
  parseQuery(request, noQuerySchema);
  return jsonReply(await publications().list());
});

/** Begins to publish: the list tells how far it is. */
export const POST = route(
  { shape: "parley", caller: "admin", body: publishBodySchema },
  async ({ body: { title, ...key } }) =>
    jsonReply(await publications().request({ title, key }), { status: 202 }),
);

export const PUT = methodNotAllowed("GET", "POST");
export const PATCH = PUT;
export const DELETE = PUT;
