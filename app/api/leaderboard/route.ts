import { arena } from "@/lib/arena/arena";
import { readNamedModels } from "@/lib/arena/awake-models";
import { methodNotAllowed } from "@/lib/http/not-allowed";
import { parseQuery } from "@/lib/http/parse-query";
import { route } from "@/lib/http/route";
import { pendingReply, taggedReply, toTagged } from "@/lib/http/tagged-reply";
import { checkBoardRequest } from "@/lib/integrity/check-board-request";
import { boardAnswers } from "@/lib/leaderboard/board-answers";
import { followRequestedBoard, isWaiting, requestBoard } from "@/lib/leaderboard/board-requests";
import { readBoardView } from "@/lib/leaderboard/read-board-view";
import { boardKeyText, isStanding } from "@/lib/protocol/board-key";
import { boardQuerySchema } from "@/lib/protocol/board-query";

export const dynamic = "force-dynamic";

export const GET = route(
  { shape: "parley", caller: "anyone", isRoutine: true },
  async ({ request, ...input }) => {
    const key = parseQuery(request, boardQuerySchema);
    const text = boardKeyText(key);
    const { view, tagged } = await boardAnswers().get(`board ${text}`, async () => {
      const awake = (await readNamedModels(arena().controller)).map(({ name }) => name);
      const made = await readBoardView(key, { awake });
      if (made.computedAt !== null && !isStanding(key)) await followRequestedBoard(text);
      return { view: made, tagged: toTagged(made) };
    });
    if (view.computedAt !== null || isStanding(key)) return taggedReply(request, tagged);
    // The one that is computed meanwhile is announced, which ends this answer.
    if (view.progress === null && !(await isWaiting(text))) {
      await checkBoardRequest(input.network);
      await requestBoard(text);
    }
    return pendingReply({ ...view, progress: view.progress ?? { done: 0, total: 1 } }, 1);
  },
);

export const POST = methodNotAllowed("GET");
export const PUT = POST;
export const PATCH = POST;
export const DELETE = POST;
