import { methodNotAllowed } from "@/lib/http/not-allowed";
import { parseQuery } from "@/lib/http/parse-query";
import { route } from "@/lib/http/route";
import { taggedReply, toTagged } from "@/lib/http/tagged-reply";
import { boardAnswers } from "@/lib/leaderboard/board-answers";
import { readOpponents } from "@/lib/leaderboard/read-opponents";
import { readPairs } from "@/lib/leaderboard/read-pairs";
import { boardKeyText } from "@/lib/protocol/board-key";
import { boardQuerySchema } from "@/lib/protocol/board-query";
import { modelNameSchema } from "@/lib/protocol/catalog";

/** `model`: one row of the table in place of all of it. */
const pairsQuerySchema = boardQuerySchema.extend({ model: modelNameSchema.optional() });

export const dynamic = "force-dynamic";

export const GET = route(
  { shape: "parley", caller: "anyone", isRoutine: true },
  async ({ request }) => {
    const { model, ...key } = parseQuery(request, pairsQuerySchema);
    const name = `pairs ${boardKeyText(key)} ${model ?? ""}`;
    const answer = await boardAnswers().get(name, async () =>
      toTagged(
        model === undefined ? await readPairs(key) : { opponents: await readOpponents(key, model) },
      ),
    );
    return taggedReply(request, answer);
  },
);

export const POST = methodNotAllowed("GET");
export const PUT = POST;
export const PATCH = POST;
export const DELETE = POST;
