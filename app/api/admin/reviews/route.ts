import { methodNotAllowed } from "@/lib/http/not-allowed";
import { parseQuery } from "@/lib/http/parse-query";
import { jsonReply } from "@/lib/http/reply";
import { route } from "@/lib/http/route";
import { listReviews } from "@/lib/integrity/read-reviews";
import { reviewQuerySchema } from "@/lib/protocol/review-view";

export const dynamic = "force-dynamic";

export const GET = route({ shape: "parley", caller: "admin" }, async ({ request }) =>
  jsonReply(await listReviews(parseQuery(request, reviewQuerySchema))),
);

export const POST = methodNotAllowed("GET");
export const PUT = POST;
export const PATCH = POST;
export const DELETE = POST;
