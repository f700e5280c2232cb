import { catalog } from "@/lib/catalog/catalog";
import { controller } from "@/lib/controller/controller";
import { getNamedModel } from "@/lib/gateway/list-models";
import { methodNotAllowed } from "@/lib/http/not-allowed";
import { jsonReply } from "@/lib/http/reply";
import { route } from "@/lib/http/route";
import { toModelObject } from "@/lib/openai/models";

// Names may hold slashes, so the path is taken whole; the label keeps names out of the metrics.
export const GET = route(
  { shape: "openai", caller: "api", scope: "read", name: "/v1/models/:id" },
  async ({ params, api }) => {
    const known = { controller: controller(), catalog: await catalog().get() };
    const allowed = api.key?.models;
    return jsonReply(toModelObject(await getNamedModel({ ...known, allowed }, params.id ?? "")));
  },
);

export const POST = methodNotAllowed("GET");
export const PUT = POST;
export const PATCH = POST;
export const DELETE = POST;
