import * as z from "zod";
import { STOP_STRING_CHARACTERS_MAX, STOP_STRINGS_MAX } from "@/lib/limits";
import { type GenerateRequest, TOP_P_LEAST } from "@/lib/protocol/generate-request";
import type { GivenMessage, Message } from "@/lib/protocol/message";
import { ROUTING_FIELDS } from "@/lib/protocol/routing";
import { textSchema } from "@/lib/protocol/well-formed-text";
import { bodySchemaOf } from "@/lib/util/body-schema";
import { reject } from "@/lib/util/refuse";
import {
  checkTools,
  outputConfigSchema,
  outputFormatSchema,
  toolChoiceSchema,
  toolsSchema,
  toReasoningEffort,
  toToolRequest,
} from "./answer-shape";
import { conversationSchema, systemSchema, withSystem } from "./conversation";
import { BETA_FIELDS, EARLIER_FIELDS, MESSAGE_FIELDS, ROUTING_RULES } from "./fields";
import { checkThinking, thinkingSchema, toThinking } from "./thinking";

/** Anthropic's "Create a Message" body → GenerateRequest (API reference, Messages). */

export const modelSchema = textSchema.min(1).max(256);

/** The fields that are read. Null stands for absent. */
const readSchema = z.object({
  model: modelSchema,
  ...ROUTING_FIELDS,
  messages: conversationSchema,
  /** Reasoning and answer together; 0 reads the prompt and answers nothing. */
  max_tokens: z.number().int().min(0).max(Number.MAX_SAFE_INTEGER),
  system: systemSchema.nullish(),
  /** Who talks, or in which conversation, as the caller calls it: the answer is the same whoever it is. */
  metadata: z.strictObject({ user_id: z.string().max(512).nullish() }).nullish(),
  stop_sequences: z
    .array(textSchema.min(1).max(STOP_STRING_CHARACTERS_MAX))
    .max(STOP_STRINGS_MAX)
    .nullish(),
  stream: z.boolean().nullish(),
  temperature: z.number().min(0).max(1).nullish(),
  top_k: z.number().int().min(0).nullish(),
  top_p: z.number().min(0).max(1).nullish(),
  tools: toolsSchema.nullish(),
  tool_choice: toolChoiceSchema.nullish(),
  thinking: thinkingSchema.nullish(),
  output_config: outputConfigSchema.nullish(),
  output_format: outputFormatSchema.nullish(),
});

export const messageRequestSchema = bodySchemaOf({
  ...MESSAGE_FIELDS,
  ...EARLIER_FIELDS,
  ...BETA_FIELDS,
  ...ROUTING_RULES,
})
  .pipe(readSchema)
  .superRefine((body, context) => {
    checkTools(body, context);
    checkThinking(body, context);
    if (body.output_format && body.output_config?.format) {
      reject(context, ["output_format"], "contradicts `output_config.format`; send one of them.");
    }
  });

export type MessageRequest = z.infer<typeof messageRequestSchema>;

/** The conversation of the body, its system's prompt first; its images may still be elsewhere. */
export function toGivenMessages({ system, messages }: MessageRequest): GivenMessage[] {
  return withSystem(system, messages);
}

/**
 * The request as every worker understands it.
 *
 * @param messages of the body, with their images in them.
 */
export function toGenerateRequest(
  body: MessageRequest,
  { messages, requestId }: { messages: Message[]; requestId: string },
): GenerateRequest {
  const { temperature, top_k: topK, top_p: topP } = body;
  const grammar = body.output_config?.format ?? body.output_format;
  const toolRequest = toToolRequest(body);
  const reasoningEffort = toReasoningEffort(body.output_config);
  return {
    ...{ requestId, model: body.model, messages },
    sampling: {
      ...(temperature != null && { temperature }),
      ...(topK != null && { topK }),
      ...(topP != null && { topP: Math.max(topP, TOP_P_LEAST) }),
    },
    stop: body.stop_sequences ?? [],
    maxTokens: body.max_tokens,
    ...(grammar != null && { grammar }),
    ...(toolRequest && { toolRequest }),
    ...(reasoningEffort && { reasoningEffort }),
    thinking: toThinking(body.thinking),
    splitReasoning: true,
  };
}
