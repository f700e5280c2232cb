import * as z from "zod";
import type { TokenizeRequest } from "@/lib/protocol/text";
import { refuse } from "@/lib/util/refuse";
import { checkTools, outputConfigSchema, toolChoiceSchema, toolsSchema } from "./answer-shape";
import { bodySchemaOf } from "./check-fields";
import { conversationSchema, systemSchema, withSystem } from "./conversation";
import { COUNT_FIELDS } from "./fields";
import { modelSchema } from "./request";
import { thinkingSchema } from "./thinking";

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
  .superRefine((body, context) => {
    checkTools(body, context);
    if (!body.tools || body.tools.length === 0) return;
    // Each model writes tools into its prompt in its own way, and workers count messages alone.
    const message =
      "cannot be counted by this server. Count without them, or read `usage` of an answer.";
    refuse(context, { path: ["tools"], message });
  });

export type CountTokensBody = z.infer<typeof countTokensSchema>;

/** What a format or the display of thinking asks for is no part of the prompt. */
export function toTokenizeRequest({ model, system, messages }: CountTokensBody): TokenizeRequest {
  return { model, messages: withSystem(system, messages) };
}
