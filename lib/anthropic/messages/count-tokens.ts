import * as z from "zod";
import type { GivenMessage, Message } from "@/lib/protocol/message";
import type { TokenizeRequest } from "@/lib/protocol/text";
import { bodySchemaOf } from "@/lib/util/body-schema";
import {
  checkTools,
  outputConfigSchema,
  toolChoiceSchema,
  toolsSchema,
  toReasoningEffort,
  toToolRequest,
} from "./answer-shape";
import { conversationSchema, systemSchema, withSystem } from "./conversation";
import { COUNT_FIELDS } from "./fields";
import { modelSchema } from "./request";
import { thinkingSchema, toThinking } from "./thinking";

/** Anthropic's "Count tokens in a Message" body → TokenizeRequest. */
const readSchema = z.object({
  model: modelSchema,
  messages: conversationSchema,
  system: systemSchema.nullish(),
  tools: toolsSchema.nullish(),
  tool_choice: toolChoiceSchema.nullish(),
  thinking: thinkingSchema.nullish(),
  output_config: outputConfigSchema.nullish(),
});

export const countTokensSchema = bodySchemaOf(COUNT_FIELDS)
  .pipe(readSchema)
  .superRefine(checkTools);

export type CountTokensBody = z.infer<typeof countTokensSchema>;

/** As toGivenMessages of a request. */
export function toCountedMessages({ system, messages }: CountTokensBody): GivenMessage[] {
  return withSystem(system, messages);
}

/** A format is no part of the prompt. */
export function toTokenizeRequest(body: CountTokensBody, messages: Message[]): TokenizeRequest {
  const { model } = body;
  const toolRequest = toToolRequest(body);
  const reasoningEffort = toReasoningEffort(body.output_config);
  return {
    ...{ model, messages },
    ...(toolRequest && { toolRequest }),
    ...(reasoningEffort && { reasoningEffort }),
    thinking: toThinking(body.thinking),
  };
}
