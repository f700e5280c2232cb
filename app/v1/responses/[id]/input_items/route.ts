import { methodNotAllowed } from "@/lib/http/not-allowed";
import { jsonReply } from "@/lib/http/reply";
import { route } from "@/lib/http/route";
import { toItemPage } from "@/lib/openai/responses/item-page";
import { parseItemQuery } from "@/lib/openai/responses/query";
import { responses } from "@/lib/responses/responses";

export const GET = route(
  { shape: "openai", caller: "api" },
  async ({ request, params: { id = "" }, api: { owner } }) => {
    const query = parseItemQuery(new URL(request.url).searchParams);
    return jsonReply(toItemPage(await responses().readInput(owner, id), query));
  },
);

export const POST = methodNotAllowed("GET");
export const PUT = POST;
export const PATCH = POST;
export const DELETE = POST;
