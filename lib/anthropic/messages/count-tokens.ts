import * as z from "zod";
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

/** A format is no part of the prompt. */
export function toTokenizeRequest(body: CountTokensBody): TokenizeRequest {
  const { model, system, messages } = body;
  const toolRequest = toToolRequest(body);
  const reasoningEffort = toReasoningEffort(body.output_config);
  return {
    ...{ model, messages: withSystem(system, messages) },
    ...(toolRequest && { toolRequest }),
    ...(reasoningEffort && { reasoningEffort }),
    thinking: toThinking(body.thinking),
  };
}
