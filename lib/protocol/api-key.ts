import * as z from "zod";
import { KEY_MODELS_MAX } from "@/lib/limits";
import { modelNameSchema } from "./catalog";

/** What a key of the API may do and how much of it: the shapes that pages, terminal and database share. */

/**
 * `generate`: chats, completions, messages, responses and feedback on them; `texts`: embeddings, rerank,
 * classify, moderations; `read`: models and tokens.
 */
export const API_SCOPES = ["generate", "texts", "read"] as const;
export const apiScopeSchema = z.enum(API_SCOPES);

const count = z.number().int().min(1).max(1e12);
const dollars = z.number().positive().max(1e9);

/** What is absent is not limited. Minutes, days and months begin in UTC. */
export const limitsSchema = z.strictObject({
  requestsPerMinute: count.optional(),
  /** Prompt and completion tokens together, here and below. */
  tokensPerMinute: count.optional(),
  concurrentRequests: count.optional(),
  tokensPerDay: count.optional(),
  tokensPerMonth: count.optional(),
  dollarsPerDay: dollars.optional(),
  dollarsPerMonth: dollars.optional(),
});

export const LIMIT_NAMES = limitsSchema.keyof().options;

/** Limits of a key over all its models together, and of it at single models. */
export const keyLimitsSchema = limitsSchema.extend({
  models: z
    .record(modelNameSchema, limitsSchema)
    .refine(
      (it) => Object.keys(it).length <= KEY_MODELS_MAX,
      `has more than ${KEY_MODELS_MAX} models.`,
    )
    .optional(),
});

export type ApiScope = z.infer<typeof apiScopeSchema>;
export type Limits = z.infer<typeof limitsSchema>;
export type KeyLimits = z.infer<typeof keyLimitsSchema>;
