import { toMessageReply } from "@/lib/anthropic/messages/reply";
import { messageRequestSchema, toGenerateRequest } from "@/lib/anthropic/messages/request";
import { toMessageEvents, toMessageStream } from "@/lib/anthropic/messages/stream";
import { needsReasoning, toThinkingDisplay } from "@/lib/anthropic/messages/thinking";
import { inWireWords } from "@/lib/anthropic/wire-param";
import { controller } from "@/lib/controller/controller";
import { generate } from "@/lib/gateway/generate";
import { toAnswerHeaders } from "@/lib/http/answer-headers";
import { methodNotAllowed } from "@/lib/http/not-allowed";
import { jsonReply } from "@/lib/http/reply";
import { route } from "@/lib/http/route";
import { namedEventsReply } from "@/lib/http/stream-reply";
import { toRouteAsk } from "@/lib/protocol/routing";

export const POST = route(
  { shape: "anthropic", caller: "api", body: messageRequestSchema },
  async ({ body, requestId, signal, meter }) => {
    const request = toGenerateRequest(body, requestId);
    const generation = await generate({
      ...{ controller: controller(), request, signal, meter, route: toRouteAsk(body) },
      session: body.metadata?.user_id ?? undefined,
      isWhole: !body.stream,
      features: needsReasoning(body.thinking) ? ["reasoning"] : [],
    }).catch((error: unknown) => {
      throw inWireWords(error, request);
    });
    const options = { display: toThinkingDisplay(body.thinking), request };
    if (body.stream) {
      const headers = toAnswerHeaders(generation);
      return namedEventsReply(toMessageStream(generation, options), { headers });
    }
    const reply = await toMessageReply(toMessageEvents(generation, options));
    return jsonReply(reply, { headers: toAnswerHeaders(generation) });
  },
);

export const GET = methodNotAllowed("POST");
export const PUT = GET;
export const PATCH = GET;
export const DELETE = GET;
