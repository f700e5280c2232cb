import { arena } from "@/lib/arena/arena";
import { readShare, revokeShare } from "@/lib/history/shares";
import { methodNotAllowed } from "@/lib/http/not-allowed";
import { emptyReply, jsonReply } from "@/lib/http/reply";
import { route } from "@/lib/http/route";

export const GET = route({ shape: "parley", caller: "anyone" }, async ({ params }) =>
  jsonReply(await readShare(arena(), params.id ?? "")),
);

export const DELETE = route(
  { shape: "parley", caller: "visitor" },
  async ({ params: { id = "" }, visitorId }) => {
    await revokeShare(arena(), { id, visitorId });
    return emptyReply();
  },
);

export const POST = methodNotAllowed("GET", "DELETE");
export const PUT = POST;
export const PATCH = POST;
