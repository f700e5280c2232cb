import * as z from "zod";
import { arena } from "@/lib/arena/arena";
import { readNamedModels } from "@/lib/arena/awake-models";
import { methodNotAllowed } from "@/lib/http/not-allowed";
import { parseQuery } from "@/lib/http/parse-query";
import { route } from "@/lib/http/route";
import { taggedReply, toTagged } from "@/lib/http/tagged-reply";
import { boardAnswers } from "@/lib/leaderboard/board-answers";
import { readOverview } from "@/lib/leaderboard/read-overview";
import { BOARD_PERIODS } from "@/lib/protocol/board-key";
import { boardQuerySchema } from "@/lib/protocol/board-query";

const overviewQuerySchema = z.strictObject({
  style: boardQuerySchema.shape.style,
  period: z.enum(BOARD_PERIODS).default("all"),
});

export const dynamic = "force-dynamic";

export const GET = route(
  { shape: "parley", caller: "anyone", isRoutine: true },
  async ({ request }) => {
    const asked = parseQuery(request, overviewQuerySchema);
    const answer = await boardAnswers().get(`overview ${asked.style} ${asked.period}`, async () => {
      const awake = (await readNamedModels(arena().controller)).map(({ name }) => name);
      return toTagged(await readOverview(asked, { awake }));
    });
    return taggedReply(request, answer);
  },
);

export const POST = methodNotAllowed("GET");
export const PUT = POST;
export const PATCH = POST;
export const DELETE = POST;
