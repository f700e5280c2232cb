import { controller } from "@/lib/controller/controller";
import { methodNotAllowed } from "@/lib/http/not-allowed";
import { jsonReply } from "@/lib/http/reply";
import { route } from "@/lib/http/route";
import type { TriedModel } from "@/lib/protocol/providers-view";
import { tryModel } from "@/lib/providers/try-model";

export const POST = route({ shape: "parley", caller: "admin" }, async ({ params, signal }) => {
  const tried = await tryModel(params.id ?? "", { controller: controller(), signal });
  return jsonReply(tried satisfies TriedModel);
});

export const GET = methodNotAllowed("POST");
export const PUT = GET;
export const PATCH = GET;
export const DELETE = GET;
