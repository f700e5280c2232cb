import { methodNotAllowed } from "@/lib/http/not-allowed";
import { route } from "@/lib/http/route";
import { updateProviderKeyBodySchema } from "@/lib/protocol/provider-key";
import { editProviderKey, removeProviderKey } from "@/lib/providers/edit-providers";
import { readAll } from "../../read-all";

export const PATCH = route(
  { shape: "parley", caller: "admin", body: updateProviderKeyBodySchema },
  async ({ params, body }) => {
    await editProviderKey(params.id ?? "", body);
    return readAll();
  },
);

export const DELETE = route({ shape: "parley", caller: "admin" }, async ({ params }) => {
  await removeProviderKey(params.id ?? "");
  return readAll();
});

// A key is never given back.
export const GET = methodNotAllowed("PATCH", "DELETE");
export const POST = GET;
export const PUT = GET;
