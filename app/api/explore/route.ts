import * as z from "zod";
import { methodNotAllowed } from "@/lib/http/not-allowed";
import { parseQuery } from "@/lib/http/parse-query";
import { jsonReply } from "@/lib/http/reply";
import { route } from "@/lib/http/route";
import { getTopic, readTopicList } from "@/lib/topics/read-topics";

/** `topic`: one of the list, by its id. */
const exploreQuerySchema = z.strictObject({ topic: z.uuid().optional() });

export const dynamic = "force-dynamic";

export const GET = route({ shape: "parley", caller: "anyone" }, async ({ request }) => {
  const { topic } = parseQuery(request, exploreQuerySchema);
  return jsonReply(topic === undefined ? await readTopicList() : await getTopic(topic));
});

export const POST = methodNotAllowed("GET");
export const PUT = POST;
export const PATCH = POST;
export const DELETE = POST;
