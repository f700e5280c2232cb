import { methodNotAllowed } from "@/lib/http/not-allowed";
import { emptyReply } from "@/lib/http/reply";
import { route } from "@/lib/http/route";
import { removeBoard } from "@/lib/leaderboard/remove-board";
import { removalBodySchema } from "@/lib/protocol/published-view";

export const dynamic = "force-dynamic";

export const DELETE = route(
  { shape: "parley", caller: "admin", body: removalBodySchema },
  async ({ body: { reason }, params: { id = "" } }) => {
    await removeBoard({ id, reason });
    return emptyReply();
  },
);

export const GET = methodNotAllowed("DELETE");
export const POST = GET;
export const PUT = GET;
export const PATCH = GET;
