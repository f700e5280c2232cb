import { frozenReply } from "@/lib/http/frozen-reply";
import { methodNotAllowed } from "@/lib/http/not-allowed";
import { parseQuery } from "@/lib/http/parse-query";
import { route } from "@/lib/http/route";
import { getSnapshotHash } from "@/lib/leaderboard/read-published";
import { openFrozenVotes } from "@/lib/leaderboard/vote-download";
import { noQuerySchema } from "@/lib/protocol/published-view";

export const dynamic = "force-dynamic";

/** The votes of a published board, line by line as they were hashed; small on the way where the client unpacks them. */
export const GET = route(
  { shape: "parley", caller: "anyone" },
  async ({ request, params: { id = "" }, ...input }) => {
    parseQuery(request, noQuerySchema);
    const hash = await getSnapshotHash(id);
    return frozenReply(request, {
      ...{ hash, name: `parley-votes-${hash.slice(0, 12)}.jsonl`, canPack: true },
      contentType: "application/x-ndjson; charset=utf-8",
      open: (isPacked) => openFrozenVotes({ hash, isPacked }, { network: input.network }),
    });
  },
);

export const POST = methodNotAllowed("GET");
export const PUT = POST;
export const PATCH = POST;
export const DELETE = POST;
