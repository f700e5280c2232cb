import { toMessageReply } from "@/lib/anthropic/messages/reply";
import {
  messageRequestSchema,
  toGenerateRequest,
  toGivenMessages,
} from "@/lib/anthropic/messages/request";
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
import { bringImages } from "@/lib/images/bring-images";
import { toRouteAsk } from "@/lib/protocol/routing";
import { IMAGES_BODY_BYTES_MAX } from "@/lib/upstream-limits";

export const POST = route(
  {
    ...{ shape: "anthropic", caller: "api", body: messageRequestSchema },
    bodyBytesMax: IMAGES_BODY_BYTES_MAX,
  },
  async ({ body, requestId, signal, meter }) => {
    const messages = await bringImages(toGivenMessages(body), { signal });
    const request = toGenerateRequest(body, { messages, requestId });
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
