import { catalog } from "@/lib/catalog/catalog";
import { controller } from "@/lib/controller/controller";
import { listNamedModels } from "@/lib/gateway/list-models";
import { methodNotAllowed } from "@/lib/http/not-allowed";
import { jsonReply } from "@/lib/http/reply";
import { route } from "@/lib/http/route";
import { toModelList } from "@/lib/openai/models";

export const GET = route({ shape: "openai", caller: "api", scope: "read" }, async ({ api }) => {
  const known = { controller: controller(), catalog: await catalog().get() };
  return jsonReply(toModelList(await listNamedModels({ ...known, allowed: api.key?.models })));
});

export const POST = methodNotAllowed("GET");
export const PUT = POST;
export const PATCH = POST;
export const DELETE = POST;
