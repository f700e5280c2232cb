import { changeApiKey, readApiKey, revokeApiKey } from "@/lib/auth/edit-keys";
import { methodNotAllowed } from "@/lib/http/not-allowed";
import { jsonReply } from "@/lib/http/reply";
import { route } from "@/lib/http/route";
import { updateKeyBodySchema } from "@/lib/protocol/key-view";

export const GET = route({ shape: "parley", caller: "admin" }, async ({ params }) =>
  jsonReply(await readApiKey(params.id ?? "")),
);

export const PATCH = route(
  { shape: "parley", caller: "admin", body: updateKeyBodySchema },
  async ({ params, body }) => jsonReply(await changeApiKey(params.id ?? "", body)),
);

// Revoked, and kept: its usage has an owner, and the API stays shut to whoever has no key.
export const DELETE = route({ shape: "parley", caller: "admin" }, async ({ params }) =>
  jsonReply(await revokeApiKey(params.id ?? "")),
);

export const POST = methodNotAllowed("GET", "PATCH", "DELETE");
export const PUT = POST;
