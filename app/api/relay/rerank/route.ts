import { rerank } from "@/lib/gateway/read-texts";
import { methodNotAllowed } from "@/lib/http/not-allowed";
import { RELAY_ROUTE, relayReply } from "@/lib/http/relay-route";
import { route } from "@/lib/http/route";
import { rerankRequestSchema } from "@/lib/protocol/text";
import { readVia } from "@/lib/protocol/via";
import { callRelayed } from "@/lib/relay/serve-relayed";

export const POST = route(
  { ...RELAY_ROUTE, body: rerankRequestSchema },
  async ({ request, body, signal, meter }) => {
    const relayed = { request: body, via: readVia(request.headers), signal, meter };
    return relayReply(await callRelayed(relayed, rerank));
  },
);

export const GET = methodNotAllowed("POST");
export const PUT = GET;
export const PATCH = GET;
export const DELETE = GET;
