import { methodNotAllowed } from "@/lib/http/not-allowed";
import { jsonReply } from "@/lib/http/reply";
import { route } from "@/lib/http/route";
import { typedEventsReply } from "@/lib/http/stream-reply";
import { parseRetrieveQuery } from "@/lib/openai/responses/query";
import { responses } from "@/lib/responses/responses";

export const GET = route(
  { shape: "openai", caller: "api" },
  async ({ request, params: { id = "" }, signal, api: { owner } }) => {
    const { isStream, startingAfter } = parseRetrieveQuery(new URL(request.url).searchParams);
    if (!isStream) return jsonReply(await responses().view(owner, id));
    return typedEventsReply(await responses().follow(owner, id, { signal, startingAfter }));
  },
);

export const DELETE = route(
  { shape: "openai", caller: "api" },
  async ({ params: { id = "" }, api: { owner } }) => {
    await responses().delete(owner, id);
    return jsonReply({ id, object: "response", deleted: true });
  },
);

export const POST = methodNotAllowed("GET", "DELETE");
export const PUT = POST;
export const PATCH = POST;
