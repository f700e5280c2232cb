import { makeApiKey, readApiKeys } from "@/lib/auth/edit-keys";
import { readApiDoor } from "@/lib/http/authenticate-api";
import { methodNotAllowed } from "@/lib/http/not-allowed";
import { jsonReply } from "@/lib/http/reply";
import { route } from "@/lib/http/route";
import { type CreatedKey, createKeyBodySchema, type KeyList } from "@/lib/protocol/key-view";

export const GET = route({ shape: "parley", caller: "admin" }, async () => {
  const [{ keys, total }, open] = await Promise.all([readApiKeys(), readApiDoor()]);
  return jsonReply({ keys, total, open } satisfies KeyList);
});

export const POST = route(
  { shape: "parley", caller: "admin", body: createKeyBodySchema },
  async ({ body }) => jsonReply((await makeApiKey(body)) satisfies CreatedKey, { status: 201 }),
);

export const PUT = methodNotAllowed("GET", "POST");
export const PATCH = PUT;
export const DELETE = PUT;
