import * as z from "zod";
import { ALTERNATIVES_MAX } from "@/lib/limits";
import { type GenerateRequest, reasoningEffortSchema } from "@/lib/protocol/generate-request";
import type { Message } from "@/lib/protocol/message";
import { bodySchemaOf } from "@/lib/util/body-schema";
import { reject } from "@/lib/util/refuse";
import { withShortcut } from "@/lib/util/shortcut";
import {
  checkStreamOptions,
  SAMPLING_FIELDS,
  toSampledRequest,
  withoutAbsent,
} from "../sampling-fields";
import { SESSION_FIELDS } from "../session";
import {
  checkTools,
  responseFormatSchema,
  structuredOutputsSchema,
  toolChoiceSchema,
  toolsSchema,
  toToolRequest,
} from "./answer-shape";
import { CHAT_FIELDS, EXTENSION_FIELDS } from "./fields";
import { chatMessagesSchema } from "./messages";
import { readPlainChat } from "./plain-chat";

/** OpenAI's "Create chat completion" body → GenerateRequest (API reference, Chat Completions). */

const tokenLimit = z.number().int().min(1).max(Number.MAX_SAFE_INTEGER).nullish();

/** The fields that are read. Null stands for absent, as everywhere in this API. */
const readSchema = z.object({
  ...SAMPLING_FIELDS,
  messages: chatMessagesSchema,
  max_tokens: tokenLimit,
  max_completion_tokens: tokenLimit,
  logprobs: z.boolean().nullish(),
  top_logprobs: z.number().int().min(0).max(ALTERNATIVES_MAX).nullish(),
  response_format: responseFormatSchema.nullish(),
  structured_outputs: structuredOutputsSchema.nullish(),
  tools: toolsSchema.nullish(),
  tool_choice: toolChoiceSchema.nullish(),
  parallel_tool_calls: z.boolean().nullish(),
  reasoning_effort: reasoningEffortSchema.nullish(),
  ...SESSION_FIELDS,
});

const bodySchema = bodySchemaOf({ ...CHAT_FIELDS, ...EXTENSION_FIELDS });

const schema = bodySchema.pipe(readSchema).superRefine((body, context) => {
  const { max_tokens: tokens, max_completion_tokens: completionTokens } = body;
  if (tokens && completionTokens && tokens !== completionTokens) {
    reject(context, ["max_tokens"], "contradicts `max_completion_tokens`; send one of them.");
  }
  const limit = completionTokens ?? tokens;
  if (limit != null && body.min_tokens != null && body.min_tokens > limit) {
    reject(context, ["min_tokens"], `is more than the ${limit} tokens the answer may have.`);
  }
  checkTools(body, context);
  if (body.response_format && body.structured_outputs) {
    reject(context, ["structured_outputs"], "contradicts `response_format`; send one of them.");
  }
  if (body.top_logprobs && !body.logprobs) {
    reject(context, ["top_logprobs"], "needs `logprobs: true`; send it with it or remove it.");
  }
  checkStreamOptions(body, context);
});

export type ChatRequest = z.infer<typeof schema>;

export const chatRequestSchema = withShortcut(schema, readPlainChat);

/**
 * The request as every worker understands it.
 *
 * @param messages of the body, with their images in them.
 */
export function toGenerateRequest(
  body: ChatRequest,
  { messages, requestId }: { messages: Message[]; requestId: string },
): GenerateRequest {
  return {
    requestId,
    messages,
    ...toSampledRequest(body),
    ...withoutAbsent({
      maxTokens: body.max_completion_tokens ?? body.max_tokens,
      logProbabilityCount: body.logprobs ? (body.top_logprobs ?? 0) : undefined,
      grammar: body.response_format ?? body.structured_outputs,
      toolRequest: toToolRequest(body),
      reasoningEffort: body.reasoning_effort,
    }),
    splitReasoning: true,
  };
}
