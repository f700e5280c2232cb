import { methodNotAllowed } from "@/lib/http/not-allowed";
import { emptyReply } from "@/lib/http/reply";
import { route } from "@/lib/http/route";
import { retireModel } from "@/lib/models/retire-model";
import { retirementBodySchema } from "@/lib/protocol/catalog-view";

export const PUT = route(
  { shape: "parley", caller: "admin", body: retirementBodySchema },
  async ({ body }) => {
    await retireModel(body);
    return emptyReply();
  },
);

export const GET = methodNotAllowed("PUT");
export const POST = GET;
export const PATCH = GET;
export const DELETE = GET;
