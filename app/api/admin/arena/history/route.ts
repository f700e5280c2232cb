import { methodNotAllowed } from "@/lib/http/not-allowed";
import { jsonReply } from "@/lib/http/reply";
import { route } from "@/lib/http/route";
import { readRulesHistory } from "@/lib/rules/edit-rules";

export const dynamic = "force-dynamic";

export const GET = route({ shape: "parley", caller: "admin" }, async () =>
  jsonReply({ history: await readRulesHistory() }),
);

export const POST = methodNotAllowed("GET");
export const PUT = POST;
export const PATCH = POST;
export const DELETE = POST;
