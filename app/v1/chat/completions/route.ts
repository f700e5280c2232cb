import { controller } from "@/lib/controller/controller";
import { generateChoices } from "@/lib/gateway/generate-choices";
import { toAnswerHeaders } from "@/lib/http/answer-headers";
import { methodNotAllowed } from "@/lib/http/not-allowed";
import { jsonReply } from "@/lib/http/reply";
import { route } from "@/lib/http/route";
import { serverSentEventsReply } from "@/lib/http/stream-reply";
import { toChatReply } from "@/lib/openai/chat/reply";
import { chatRequestSchema, toGenerateRequest } from "@/lib/openai/chat/request";
import { toChatChunks } from "@/lib/openai/chat/stream";
import { inWireWords } from "@/lib/openai/wire-param";
import { toRouteAsk } from "@/lib/protocol/routing";

export const POST = route(
  { shape: "openai", caller: "api", body: chatRequestSchema },
  async ({ body, requestId, signal, meter }) => {
    const request = toGenerateRequest(body, requestId);
    const route = toRouteAsk(body);
    const options = { controller: controller(), request, signal, meter, route };
    const choices = await generateChoices(options, body.n ?? 1).catch((error: unknown) => {
      throw inWireWords(error);
    });
    const init = { headers: toAnswerHeaders(choices) };
    const includeLogProbabilities = body.logprobs ?? false;
    if (!body.stream) {
      return jsonReply(await toChatReply(choices, { includeLogProbabilities }), init);
    }
    const includeUsage = body.stream_options?.include_usage ?? false;
    const chunks = toChatChunks(choices, { includeUsage, includeLogProbabilities });
    return serverSentEventsReply(chunks, init);
  },
);

export const GET = methodNotAllowed("POST");
export const PUT = GET;
export const PATCH = GET;
export const DELETE = GET;
