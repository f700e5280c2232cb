import { arena } from "@/lib/arena/arena";
import { castVote, giveReasons } from "@/lib/arena/cast-vote";
import { methodNotAllowed } from "@/lib/http/not-allowed";
import { jsonReply } from "@/lib/http/reply";
import { route } from "@/lib/http/route";
import { leaderboard } from "@/lib/leaderboard/leaderboard";
import { pairVoteBodySchema, reasonsBodySchema } from "@/lib/protocol/conversation-view";

export const POST = route(
  { shape: "parley", caller: "visitor", body: pairVoteBodySchema },
  async ({ body: vote, params: { id: conversationId = "" }, visitorId, network }) =>
    jsonReply(
      await castVote(arena(), {
        ...{ conversationId, visitorId, network, vote },
        onCounted: () => leaderboard().settleVote(),
      }),
    ),
);

export const PATCH = route(
  { shape: "parley", caller: "visitor", body: reasonsBodySchema },
  async ({ body: reasons, params: { id: conversationId = "" }, visitorId }) =>
    jsonReply(await giveReasons(arena(), { conversationId, visitorId, reasons })),
);

export const GET = methodNotAllowed("POST", "PATCH");
export const PUT = GET;
export const DELETE = GET;
