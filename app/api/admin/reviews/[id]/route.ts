import { methodNotAllowed } from "@/lib/http/not-allowed";
import { jsonReply } from "@/lib/http/reply";
import { route } from "@/lib/http/route";
import { decideReview } from "@/lib/integrity/change-board";
import { reviewBodySchema } from "@/lib/protocol/review-view";

export const PATCH = route(
  { shape: "parley", caller: "admin", body: reviewBodySchema },
  async ({ params: { id = "" }, body }) => jsonReply(await decideReview({}, id, body.state)),
);

export const GET = methodNotAllowed("PATCH");
export const POST = GET;
export const PUT = GET;
export const DELETE = GET;
