import { methodNotAllowed } from "@/lib/http/not-allowed";
import { jsonReply } from "@/lib/http/reply";
import { route } from "@/lib/http/route";
import { setExcluded } from "@/lib/integrity/change-board";
import { visitorStandingBodySchema } from "@/lib/protocol/review-view";

export const PUT = route(
  { shape: "parley", caller: "admin", body: visitorStandingBodySchema },
  async ({ params: { voter = "" }, body }) =>
    jsonReply(await setExcluded({}, voter, body.isExcluded)),
);

export const GET = methodNotAllowed("PUT");
export const POST = GET;
export const PATCH = GET;
export const DELETE = GET;
