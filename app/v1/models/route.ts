import * as z from "zod";
import { modelPageQuerySchema, toAnthropicModelPage } from "@/lib/anthropic/models";
import { catalog } from "@/lib/catalog/catalog";
import { controller } from "@/lib/controller/controller";
import { listNamedModels } from "@/lib/gateway/list-models";
import { shapeOfClient } from "@/lib/http/error-reply";
import { methodNotAllowed } from "@/lib/http/not-allowed";
import { parseQuery } from "@/lib/http/parse-query";
import { jsonReply } from "@/lib/http/reply";
import { route } from "@/lib/http/route";
import { toModelList } from "@/lib/openai/models";

export const GET = route(
  { shape: "openai", shapeOf: shapeOfClient, caller: "api", scope: "read" },
  async ({ request, api }) => {
    const isForAnthropic = shapeOfClient(request.headers) === "anthropic";
    const page = isForAnthropic ? parseQuery(request, modelPageQuerySchema) : undefined;
    if (!page) parseQuery(request, z.strictObject({}));
    const known = { controller: controller(), catalog: await catalog().get() };
    const models = await listNamedModels({ ...known, allowed: api.key?.models });
    return jsonReply(page ? toAnthropicModelPage(models, page) : toModelList(models));
  },
);

export const POST = methodNotAllowed("GET");
export const PUT = POST;
export const PATCH = POST;
export const DELETE = POST;
