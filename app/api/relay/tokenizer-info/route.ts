import { readTokenizerInfo } from "@/lib/gateway/tokenize";
import { methodNotAllowed } from "@/lib/http/not-allowed";
import { RELAY_ROUTE, relayReply } from "@/lib/http/relay-route";
import { route } from "@/lib/http/route";
import { tokenizerInfoRequestSchema } from "@/lib/protocol/text";
import { readVia } from "@/lib/protocol/via";
import { callRelayed } from "@/lib/relay/serve-relayed";

export const POST = route(
  { ...RELAY_ROUTE, body: tokenizerInfoRequestSchema },
  async ({ request, body, signal, meter }) => {
    const relayed = { request: body, via: readVia(request.headers), signal, meter };
    return relayReply(await callRelayed(relayed, readTokenizerInfo));
  },
);

export const GET = methodNotAllowed("POST");
export const PUT = GET;
export const PATCH = GET;
export const DELETE = GET;
