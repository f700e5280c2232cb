import { methodNotAllowed } from "@/lib/http/not-allowed";
import { route } from "@/lib/http/route";
import { createProviderKeyBodySchema } from "@/lib/protocol/provider-key";
import { addProviderKey } from "@/lib/providers/edit-providers";
import { readAll } from "../read-all";

export const POST = route(
  { shape: "parley", caller: "admin", body: createProviderKeyBodySchema },
  async ({ body }) => {
    await addProviderKey(body);
    return readAll({ status: 201 });
  },
);

export const GET = methodNotAllowed("POST");
export const PUT = GET;
export const PATCH = GET;
export const DELETE = GET;
