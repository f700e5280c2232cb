import { catalog } from "@/lib/catalog/catalog";
import { setModel, unsetModel } from "@/lib/catalog/edit-catalog";
import { toAdminModels } from "@/lib/catalog/read-for-keepers";
import { controller } from "@/lib/controller/controller";
import { methodNotAllowed } from "@/lib/http/not-allowed";
import { jsonReply } from "@/lib/http/reply";
import { route } from "@/lib/http/route";
import { listRetirements } from "@/lib/models/retire-model";
import { modelSettingsSchema, namedModelSchema } from "@/lib/protocol/catalog-view";

async function readAll() {
  const [known, awake, offered] = await Promise.all([
    ...([catalog().get(), controller().listModels(), listRetirements()] as const),
  ]);
  const names = awake.map(({ name }) => name);
  return jsonReply(toAdminModels(known, names, offered));
}

export const GET = route({ shape: "parley", caller: "admin" }, readAll);

export const PUT = route(
  { shape: "parley", caller: "admin", body: modelSettingsSchema },
  async ({ body }) => {
    await setModel(body);
    await catalog().refresh();
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
