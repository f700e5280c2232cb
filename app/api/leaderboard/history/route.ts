import * as z from "zod";
import { methodNotAllowed } from "@/lib/http/not-allowed";
import { parseQuery } from "@/lib/http/parse-query";
import { route } from "@/lib/http/route";
import { taggedReply, toTagged } from "@/lib/http/tagged-reply";
import { BOARD_HISTORY_MODELS_MAX } from "@/lib/job-limits";
import { boardAnswers } from "@/lib/leaderboard/board-answers";
import { readHistory } from "@/lib/leaderboard/read-history";
import { boardKeyText } from "@/lib/protocol/board-key";
import { boardQuerySchema } from "@/lib/protocol/board-query";
import { modelNameSchema } from "@/lib/protocol/catalog";

/** `model=a&model=b`: names; left out, the best ones of today. */
const historyQuerySchema = boardQuerySchema.extend({
  model: z.array(modelNameSchema).max(BOARD_HISTORY_MODELS_MAX).optional(),
});

export const dynamic = "force-dynamic";

export const GET = route(
  { shape: "parley", caller: "anyone", isRoutine: true },
  async ({ request }) => {
    const { model: models, ...key } = parseQuery(request, historyQuerySchema, {
      repeated: ["model"],
    });
    const name = `history ${boardKeyText(key)} ${JSON.stringify(models ?? [])}`;
    const answer = await boardAnswers().get(name, async () =>
      toTagged(await readHistory(key, models)),
    );
    return taggedReply(request, answer);
  },
);

export const POST = methodNotAllowed("GET");
export const PUT = POST;
export const PATCH = POST;
export const DELETE = POST;
