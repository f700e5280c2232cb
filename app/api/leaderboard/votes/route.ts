import * as z from "zod";
import { methodNotAllowed } from "@/lib/http/not-allowed";
import { parseQuery } from "@/lib/http/parse-query";
import { route } from "@/lib/http/route";
import { openVotes } from "@/lib/leaderboard/vote-download";

export const dynamic = "force-dynamic";

const querySchema = z.strictObject({ format: z.enum(["jsonl", "parquet"]).default("jsonl") });

const TYPES = {
  jsonl: "application/x-ndjson; charset=utf-8",
  parquet: "application/vnd.apache.parquet",
} as const;

/** Every counted vote of the days that have ended (UTC), without identity. */
export const GET = route({ shape: "parley", caller: "anyone" }, async ({ request, ...input }) => {
  const { format } = parseQuery(request, querySchema);
  const headers = {
    "content-type": TYPES[format],
    "content-disposition": `attachment; filename="parley-votes.${format}"`,
    "cache-control": "no-store",
  };
  if (request.method === "HEAD") return new Response(null, { headers });
  return new Response(await openVotes(format, { network: input.network }), { headers });
});

export const POST = methodNotAllowed("GET");
export const PUT = POST;
export const PATCH = POST;
export const DELETE = POST;
