import * as z from "zod";
import { methodNotAllowed } from "@/lib/http/not-allowed";
import { parseQuery } from "@/lib/http/parse-query";
import { route } from "@/lib/http/route";
import { taggedReply, toTagged } from "@/lib/http/tagged-reply";
import { boardAnswers } from "@/lib/leaderboard/board-answers";
import { readChoices } from "@/lib/leaderboard/read-choices";

export const dynamic = "force-dynamic";

export const GET = route(
  { shape: "parley", caller: "anyone", isRoutine: true },
  async ({ request }) => {
    parseQuery(request, z.strictObject({}));
    const answer = await boardAnswers().get("choices", async () => toTagged(await readChoices()));
    return taggedReply(request, answer);
  },
);

export const POST = methodNotAllowed("GET");
export const PUT = POST;
export const PATCH = POST;
export const DELETE = POST;
