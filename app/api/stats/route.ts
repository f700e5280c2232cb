import { methodNotAllowed } from "@/lib/http/not-allowed";
import { parseQuery } from "@/lib/http/parse-query";
import { jsonReply } from "@/lib/http/reply";
import { route } from "@/lib/http/route";
import { siteStatsQuerySchema } from "@/lib/protocol/board-view";
import { readSiteStats } from "@/lib/stats/read-site-stats";

export const dynamic = "force-dynamic";

export const GET = route({ shape: "parley", caller: "anyone" }, async ({ request }) =>
  jsonReply(await readSiteStats(parseQuery(request, siteStatsQuerySchema))),
);

export const POST = methodNotAllowed("GET");
export const PUT = POST;
export const PATCH = POST;
export const DELETE = POST;
