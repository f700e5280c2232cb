import * as z from "zod";
import { messagesSchema } from "./message";

/** Text ↔ tokens ↔ vectors: the calls beside generation. */

const model = z.string().min(1).max(256);

export const embedRequestSchema = z.strictObject({
  requestId: z.string().min(1).max(128),
  model,
  inputs: z.array(z.string().min(1)).min(1).max(256),
});
export const embedReplySchema = z.object({
  /** One unit-length vector an input. */
  embeddings: z.array(z.array(z.number())),
  promptTokens: z.number().int(),
});

/** Either plain text, or messages as the model's chat template renders them with the generation prompt. */
export const tokenizeRequestSchema = z.union([
  z.strictObject({ model, text: z.string() }),
  z.strictObject({ model, messages: messagesSchema }),
]);
export const tokenizeReplySchema = z.object({
  ids: z.array(z.number().int()),
  contextLength: z.number().int(),
});

export const detokenizeRequestSchema = z.strictObject({
  model,
  ids: z.array(z.number().int().min(0)),
});
export const detokenizeReplySchema = z.object({ text: z.string() });

export type EmbedRequest = z.infer<typeof embedRequestSchema>;
export type EmbedReply = z.infer<typeof embedReplySchema>;
export type TokenizeRequest = z.infer<typeof tokenizeRequestSchema>;
export type TokenizeReply = z.infer<typeof tokenizeReplySchema>;
export type DetokenizeRequest = z.infer<typeof detokenizeRequestSchema>;
export type DetokenizeReply = z.infer<typeof detokenizeReplySchema>;
