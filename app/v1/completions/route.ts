import { controller } from "@/lib/controller/controller";
import { generatePrompts } from "@/lib/gateway/generate-prompts";
import { toAnswerHeaders } from "@/lib/http/answer-headers";
import { methodNotAllowed } from "@/lib/http/not-allowed";
import { jsonReply } from "@/lib/http/reply";
import { route } from "@/lib/http/route";
import { serverSentEventsReply } from "@/lib/http/stream-reply";
import { toCompletionChunks, toCompletionReply } from "@/lib/openai/completions/reply";
import {
  completionRequestSchema,
  MAX_TOKENS_UNSAID,
  toCounts,
  toGenerateRequests,
} from "@/lib/openai/completions/request";
import { toSession } from "@/lib/openai/session";
import { inWireWords } from "@/lib/openai/wire-param";
import { toRouteAsk } from "@/lib/protocol/routing";
import { assert } from "@/lib/util/assert";

export const POST = route(
  { shape: "openai", caller: "api", body: completionRequestSchema },
  async ({ body, requestId, signal, meter }) => {
    const [first, ...others] = toGenerateRequests(body, requestId);
    assert(first, "there is a prompt");
    const { n, made } = toCounts(body);
    const choices = await generatePrompts({
      ...{ controller: controller(), signal, meter, requests: [first, ...others], count: made },
      ...{ route: toRouteAsk(body), session: toSession(body), maxTokensUnsaid: MAX_TOKENS_UNSAID },
      isWhole: !body.stream,
    }).catch((error: unknown) => {
      throw inWireWords(error);
    });
    const options = {
      ...{ n, made, echoes: body.echo ?? false, scoreCount: body.logprobs ?? undefined },
    };
    if (!body.stream) {
      const reply = await toCompletionReply(choices, options);
      return jsonReply(reply, { headers: toAnswerHeaders(choices) });
    }
    const includeUsage = body.stream_options?.include_usage ?? false;
    const chunks = toCompletionChunks(choices, { ...options, includeUsage });
    return serverSentEventsReply(chunks, { headers: toAnswerHeaders(choices) });
  },
);

export const GET = methodNotAllowed("POST");
export const PUT = GET;
export const PATCH = GET;
export const DELETE = GET;
