import { methodNotAllowed } from "@/lib/http/not-allowed";
import { jsonReply } from "@/lib/http/reply";
import { route } from "@/lib/http/route";
import { readModelPage } from "@/lib/models/read-model-page";

export const dynamic = "force-dynamic";

export const GET = route({ shape: "parley", caller: "anyone" }, async ({ params }) =>
  jsonReply(await readModelPage(params.slug ?? "")),
);

export const POST = methodNotAllowed("GET");
export const PUT = POST;
export const PATCH = POST;
export const DELETE = POST;
