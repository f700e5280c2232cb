import { catalog } from "@/lib/catalog/catalog";
import { unsetModel } from "@/lib/catalog/edit-catalog";
import { controller } from "@/lib/controller/controller";
import { methodNotAllowed } from "@/lib/http/not-allowed";
import { jsonReply } from "@/lib/http/reply";
import { route } from "@/lib/http/route";
import { listForKeepers } from "@/lib/models/list-for-keepers";
import { setModel } from "@/lib/models/set-model";
import { modelBodySchema, namedModelSchema } from "@/lib/protocol/catalog-view";
import { rules } from "@/lib/rules/rules";

async function readAll() {
  const awake = await controller().listModels();
  return jsonReply(await listForKeepers({ awakeNames: awake.map(({ name }) => name) }));
}

export const GET = route({ shape: "parley", caller: "admin" }, readAll);

export const PUT = route(
  { shape: "parley", caller: "admin", body: modelBodySchema },
  async ({ body }) => {
    await setModel(body);
    await Promise.all([catalog().refresh(), rules().refresh()]);
    return readAll();
  },
);

export const DELETE = route(
  { shape: "parley", caller: "admin", body: namedModelSchema },
  async ({ body }) => {
    await unsetModel(body.model);
    await catalog().refresh();
    return readAll();
  },
);

export const POST = methodNotAllowed("GET, PUT, DELETE");
export const PATCH = POST;
