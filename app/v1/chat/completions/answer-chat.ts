import { controller } from "@/lib/controller/controller";
import { generateChoices } from "@/lib/gateway/generate-choices";
import { toAnswerHeaders } from "@/lib/http/answer-headers";
import { jsonReply } from "@/lib/http/reply";
import { serverSentEventsReply } from "@/lib/http/stream-reply";
import { toChatReply } from "@/lib/openai/chat/reply";
import type { ChatRequest } from "@/lib/openai/chat/request";
import { toChatChunks } from "@/lib/openai/chat/stream";
import { toSession } from "@/lib/openai/session";
import { inWireWords } from "@/lib/openai/wire-param";
import type { GenerateRequest } from "@/lib/protocol/generate-request";
import { toRouteAsk } from "@/lib/protocol/routing";
import type { Meter } from "@/lib/usage/meter";
import type { StopSignal } from "@/lib/util/stop";

export type ChatExchange = { body: ChatRequest; signal: StopSignal; meter: Meter };

/** Answers a chat request, whole or as a stream, as its body asks. */
export async function answerChat(
  request: GenerateRequest,
  { body, signal, meter }: ChatExchange,
): Promise<Response> {
  const route = toRouteAsk(body);
  const session = toSession(body);
  const isWhole = !body.stream;
  const options = { controller: controller(), request, signal, meter, route, session, isWhole };
  const choices = await generateChoices(options, body.n ?? 1).catch((error: unknown) => {
    throw inWireWords(error);
  });
  const includeLogProbabilities = body.logprobs ?? false;
  if (!body.stream) {
    const reply = await toChatReply(choices, { includeLogProbabilities });
    return jsonReply(reply, { headers: toAnswerHeaders(choices) });
  }
  const includeUsage = body.stream_options?.include_usage ?? false;
  const chunks = toChatChunks(choices, { includeUsage, includeLogProbabilities });
  return serverSentEventsReply(chunks, { headers: toAnswerHeaders(choices) });
}
