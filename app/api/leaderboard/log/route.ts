import { methodNotAllowed } from "@/lib/http/not-allowed";
import { parseQuery } from "@/lib/http/parse-query";
import { jsonReply } from "@/lib/http/reply";
import { route } from "@/lib/http/route";
import { readPublicLog } from "@/lib/integrity/read-public-log";
import { publicLogQuerySchema } from "@/lib/protocol/review-view";

export const dynamic = "force-dynamic";

export const GET = route({ shape: "parley", caller: "anyone" }, async ({ request }) =>
  jsonReply(await readPublicLog(parseQuery(request, publicLogQuerySchema))),
);

export const POST = methodNotAllowed("GET");
export const PUT = POST;
export const PATCH = POST;
export const DELETE = POST;
