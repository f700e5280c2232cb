import * as z from "zod";
import { ERROR_CODE_LIST } from "@/lib/errors";

/**
 * What a worker says of one generation, in this order: `generation-start`, any number of `text-delta`,
 * then `generation-end` or `generation-error`. An error may also come alone. After an abort the stream
 * just ends.
 */
export const generationStartSchema = z.object({
  type: z.literal("generation-start"),
  model: z.string(),
  /** SHA-256 of the model's files, hex. */
  build: z.string(),
  promptTokens: z.number().int(),
  /** What the request's gaps were filled with. */
  sampling: z.object({ temperature: z.number(), topP: z.number(), seed: z.number().int() }),
  /** Completion tokens that this generation may take at most. */
  maxTokens: z.number().int(),
});

export const textDeltaSchema = z.object({
  type: z.literal("text-delta"),
  text: z.string(),
  /** Tokens this delta stands for; a held-back half code point joins the next one's count. */
  tokens: z.number().int(),
});

export const finishReasonSchema = z.enum(["stop", "length"]);

export const generationEndSchema = z.object({
  type: z.literal("generation-end"),
  finishReason: finishReasonSchema,
  usage: z.object({ promptTokens: z.number().int(), completionTokens: z.number().int() }),
  /** Milliseconds on the worker's clock; first token and duration count from arrival, the wait included. */
  timing: z.object({ queuedMs: z.number(), firstTokenMs: z.number(), durationMs: z.number() }),
});

export const generationErrorSchema = z.object({
  type: z.literal("generation-error"),
  code: z.enum(ERROR_CODE_LIST),
  message: z.string(),
  param: z.string().optional(),
  retryable: z.boolean(),
});

export const generateEventSchema = z.discriminatedUnion("type", [
  generationStartSchema,
  textDeltaSchema,
  generationEndSchema,
  generationErrorSchema,
]);

export type GenerationStart = z.infer<typeof generationStartSchema>;
export type TextDelta = z.infer<typeof textDeltaSchema>;
export type GenerationEnd = z.infer<typeof generationEndSchema>;
export type GenerationError = z.infer<typeof generationErrorSchema>;
export type FinishReason = z.infer<typeof finishReasonSchema>;
export type GenerateEvent = z.infer<typeof generateEventSchema>;
