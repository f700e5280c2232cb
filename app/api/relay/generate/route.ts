import { methodNotAllowed } from "@/lib/http/not-allowed";
import { RELAY_ROUTE } from "@/lib/http/relay-route";
import { route } from "@/lib/http/route";
import { jsonLinesReply } from "@/lib/http/stream-reply";
import { generateRequestSchema } from "@/lib/protocol/generate-request";
import { readVia } from "@/lib/protocol/via";
import { generateRelayed } from "@/lib/relay/serve-relayed";

export const POST = route(
  { ...RELAY_ROUTE, body: generateRequestSchema },
  ({ request, body, signal, meter }) => {
    const relayed = { request: body, via: readVia(request.headers), signal, meter };
    return jsonLinesReply(generateRelayed(relayed));
  },
);

export const GET = methodNotAllowed("POST");
export const PUT = GET;
export const PATCH = GET;
export const DELETE = GET;
