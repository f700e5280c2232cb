import { methodNotAllowed } from "@/lib/http/not-allowed";
import { parseQuery } from "@/lib/http/parse-query";
import { route } from "@/lib/http/route";
import { taggedReply, toTagged } from "@/lib/http/tagged-reply";
import { boardAnswers } from "@/lib/leaderboard/board-answers";
import { readPairs } from "@/lib/leaderboard/read-pairs";
import { boardKeyText } from "@/lib/protocol/board-key";
import { boardQuerySchema } from "@/lib/protocol/board-query";

export const dynamic = "force-dynamic";

export const GET = route(
  { shape: "parley", caller: "anyone", isRoutine: true },
  async ({ request }) => {
    const key = parseQuery(request, boardQuerySchema);
    const name = `pairs ${boardKeyText(key)}`;
    const answer = await boardAnswers().get(name, async () => toTagged(await readPairs(key)));
    return taggedReply(request, answer);
  },
);

export const POST = methodNotAllowed("GET");
export const PUT = POST;
export const PATCH = POST;
export const DELETE = POST;
