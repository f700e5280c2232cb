import * as z from "zod";
import { fileReply } from "@/lib/http/file-reply";
import { frozenReply } from "@/lib/http/frozen-reply";
import { methodNotAllowed } from "@/lib/http/not-allowed";
import { parseQuery } from "@/lib/http/parse-query";
import { route } from "@/lib/http/route";
import { publishedToCsv } from "@/lib/leaderboard/board-csv";
import { getPublished, getPublishedFile } from "@/lib/leaderboard/read-published";

export const dynamic = "force-dynamic";

const querySchema = z.strictObject({ format: z.enum(["json", "csv"]).default("json") });

/** A published board as a file: JSON byte for byte as it was frozen, or a table. */
export const GET = route(
  { shape: "parley", caller: "anyone" },
  async ({ request, params: { id = "" } }) => {
    const { format } = parseQuery(request, querySchema);
    if (format === "json") {
      const { hash, text } = await getPublishedFile(id);
      return frozenReply(request, {
        ...{ hash, name: `parley-board-${id}.json` },
        contentType: "application/json; charset=utf-8",
        open: async () => text,
      });
    }
    const text = publishedToCsv(await getPublished(id));
    const name = `parley-board-${id}.csv`;
    return fileReply({ name, contentType: "text/csv; charset=utf-8", text });
  },
);

export const POST = methodNotAllowed("GET");
export const PUT = POST;
export const PATCH = POST;
export const DELETE = POST;
