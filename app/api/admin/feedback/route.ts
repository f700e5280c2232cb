import { methodNotAllowed } from "@/lib/http/not-allowed";
import { jsonReply } from "@/lib/http/reply";
import { route } from "@/lib/http/route";
import { readFeedback } from "@/lib/usage/feedback";

export const GET = route({ shape: "parley", caller: "admin" }, async () =>
  jsonReply(await readFeedback()),
);

export const POST = methodNotAllowed("GET");
export const PUT = POST;
export const PATCH = POST;
export const DELETE = POST;
