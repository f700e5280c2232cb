import * as z from "zod";
import { STOP_STRING_CHARACTERS_MAX, STOP_STRINGS_MAX } from "@/lib/limits";
import { messagesSchema } from "./message";

/** How the next token is chosen. What is absent takes the model's own default (generation_config.json). */
export const samplingSchema = z.strictObject({
  /** 0 is greedy. */
  temperature: z.number().min(0).max(2).optional(),
  topP: z.number().gt(0).max(1).optional(),
  /** Same seed, same request, same build: same text. Absent: the worker draws one and tells it. */
  seed: z.number().int().min(Number.MIN_SAFE_INTEGER).max(Number.MAX_SAFE_INTEGER).optional(),
});

export const generateRequestSchema = z.strictObject({
  /** Follows the request through every log. */
  requestId: z.string().min(1).max(128),
  model: z.string().min(1).max(256),
  messages: messagesSchema,
  sampling: samplingSchema,
  stop: z.array(z.string().min(1).max(STOP_STRING_CHARACTERS_MAX)).max(STOP_STRINGS_MAX),
  /** Completion tokens at most; absent: what the context still holds. */
  maxTokens: z.number().int().min(1).optional(),
});

export type Sampling = z.infer<typeof samplingSchema>;
export type GenerateRequest = z.infer<typeof generateRequestSchema>;
