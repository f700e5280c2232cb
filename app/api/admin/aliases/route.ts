import { catalog } from "@/lib/catalog/catalog";
import { removeAlias, setAlias } from "@/lib/catalog/edit-catalog";
import { toAdminAliases } from "@/lib/catalog/read-for-keepers";
import { methodNotAllowed } from "@/lib/http/not-allowed";
import { jsonReply } from "@/lib/http/reply";
import { route } from "@/lib/http/route";
import { aliasSchema } from "@/lib/protocol/catalog";
import { namedAliasSchema } from "@/lib/protocol/catalog-view";

async function readAll() {
  return jsonReply({ aliases: toAdminAliases(await catalog().get()) });
}

export const GET = route({ shape: "parley", caller: "admin" }, readAll);

export const PUT = route(
  { shape: "parley", caller: "admin", body: aliasSchema },
  async ({ body }) => {
    await setAlias(body);
    await catalog().refresh();
    return readAll();
  },
);

export const DELETE = route(
  { shape: "parley", caller: "admin", body: namedAliasSchema },
  async ({ body }) => {
    await removeAlias(body.name);
    await catalog().refresh();
    return readAll();
  },
);

export const POST = methodNotAllowed("GET, PUT, DELETE");
export const PATCH = POST;
