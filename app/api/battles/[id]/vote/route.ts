import { arena } from "@/lib/arena/arena";
import { castVote } from "@/lib/arena/cast-vote";
import { methodNotAllowed } from "@/lib/http/not-allowed";
import { jsonReply } from "@/lib/http/reply";
import { route } from "@/lib/http/route";
import { leaderboard } from "@/lib/leaderboard/leaderboard";
import { voteBodySchema } from "@/lib/protocol/arena-view";

export const POST = route(
  { shape: "parley", caller: "visitor", body: voteBodySchema },
  async ({ body, params, visitorId }) =>
    jsonReply(
      await castVote(arena(), {
        ...{ battleId: params.id ?? "", visitorId, vote: body },
        onCounted: () => leaderboard().settleVote(),
      }),
    ),
);

export const GET = methodNotAllowed("POST");
export const PUT = GET;
export const PATCH = GET;
export const DELETE = GET;
