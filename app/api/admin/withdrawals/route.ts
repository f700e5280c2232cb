import { methodNotAllowed } from "@/lib/http/not-allowed";
import { jsonReply } from "@/lib/http/reply";
import { route } from "@/lib/http/route";
import { setModelWithdrawn } from "@/lib/integrity/change-board";
import { withdrawalBodySchema } from "@/lib/protocol/review-view";

export const PUT = route(
  { shape: "parley", caller: "admin", body: withdrawalBodySchema },
  async ({ body }) => jsonReply(await setModelWithdrawn({}, body.model, body.isWithdrawn)),
);

export const GET = methodNotAllowed("PUT");
export const POST = GET;
export const PATCH = GET;
export const DELETE = GET;
