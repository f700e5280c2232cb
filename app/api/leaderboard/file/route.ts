import { arena } from "@/lib/arena/arena";
import { readNamedModels } from "@/lib/arena/awake-models";
import { AppError } from "@/lib/errors";
import { fileReply } from "@/lib/http/file-reply";
import { methodNotAllowed } from "@/lib/http/not-allowed";
import { parseQuery } from "@/lib/http/parse-query";
import { route } from "@/lib/http/route";
import { boardToCsv } from "@/lib/leaderboard/board-csv";
import { readBoardView } from "@/lib/leaderboard/read-board-view";
import { boardKeyText } from "@/lib/protocol/board-key";
import { boardFileQuerySchema } from "@/lib/protocol/published-view";

export const dynamic = "force-dynamic";

/** A live board as it is shown now. One that nobody has asked for yet is computed for its page, not for a file. */
export const GET = route({ shape: "parley", caller: "anyone" }, async ({ request }) => {
  const { format, ...key } = parseQuery(request, boardFileQuerySchema);
  const awake = (await readNamedModels(arena().controller)).map(({ name }) => name);
  const view = await readBoardView(key, { awake });
  if (view.computedAt === null) {
    throw new AppError("not-found", {
      message:
        "This board was not computed yet. Ask `GET /api/leaderboard` for it with the same parameters first, until it has rows.",
    });
  }
  const name = `parley-${boardKeyText(key).replaceAll(/[^\w.-]/g, "-")}.${format}`;
  return format === "csv"
    ? fileReply({ name, contentType: "text/csv; charset=utf-8", text: boardToCsv(view) })
    : fileReply({
        ...{ name, contentType: "application/json; charset=utf-8" },
        text: `${JSON.stringify(view, null, 2)}\n`,
      });
});

export const POST = methodNotAllowed("GET");
export const PUT = POST;
export const PATCH = POST;
export const DELETE = POST;
