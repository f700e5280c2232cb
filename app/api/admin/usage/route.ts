import { toBodyError } from "@/lib/http/describe-issue";
import { methodNotAllowed } from "@/lib/http/not-allowed";
import { jsonReply } from "@/lib/http/reply";
import { route } from "@/lib/http/route";
import { usageQuerySchema } from "@/lib/protocol/usage-view";
import { readUsageReport } from "@/lib/usage/read-report";

/** What one look at the page takes in. */
const REQUESTS_SHOWN = 50;

export const GET = route({ shape: "parley", caller: "admin" }, async ({ request }) => {
  const words = Object.fromEntries(new URL(request.url).searchParams);
  const query = usageQuerySchema.safeParse(words);
  if (!query.success) throw toBodyError(query.error);
  return jsonReply(await readUsageReport(query.data, { requestsMax: REQUESTS_SHOWN }));
});

export const POST = methodNotAllowed("GET");
export const PUT = POST;
export const PATCH = POST;
export const DELETE = POST;
