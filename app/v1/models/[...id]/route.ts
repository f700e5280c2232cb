import * as z from "zod";
import { modelQuerySchema, toAnthropicModel } from "@/lib/anthropic/models";
import { catalog } from "@/lib/catalog/catalog";
import { controller } from "@/lib/controller/controller";
import { getNamedModel } from "@/lib/gateway/list-models";
import { shapeOfClient } from "@/lib/http/error-reply";
import { methodNotAllowed } from "@/lib/http/not-allowed";
import { parseQuery } from "@/lib/http/parse-query";
import { jsonReply } from "@/lib/http/reply";
import { route } from "@/lib/http/route";
import { toModelObject } from "@/lib/openai/models";

// Names may hold slashes, so the path is taken whole; the label keeps names out of the metrics.
export const GET = route(
  { shape: "openai", shapeOf: shapeOfClient, caller: "api", scope: "read", name: "/v1/models/:id" },
  async ({ request, params, api }) => {
    const isForAnthropic = shapeOfClient(request.headers) === "anthropic";
    parseQuery(request, isForAnthropic ? modelQuerySchema : z.strictObject({}));
    const known = { controller: controller(), catalog: await catalog().get() };
    const allowed = api.key?.models;
    const model = await getNamedModel({ ...known, allowed }, params.id ?? "");
    return jsonReply(isForAnthropic ? toAnthropicModel(model) : toModelObject(model));
  },
);

export const POST = methodNotAllowed("GET");
export const PUT = POST;
export const PATCH = POST;
export const DELETE = POST;
