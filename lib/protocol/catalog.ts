import * as z from "zod";
import { samplingSchema } from "./generate-request";
import { textSchema } from "./well-formed-text";

/** What an operator says of models: defaults, prices, and names that stand for them. */

/** Of a model or an alias, as the database can keep it: PostgreSQL's texts hold no NUL and no half of a pair. */
export const modelNameSchema = textSchema
  .min(1)
  .max(256)
  .refine((it) => !it.includes("\0"), "holds a NUL character; remove it.");

/** Parameters for requests that name none; what a request says comes first. */
export const modelDefaultsSchema = z.strictObject({
  ...samplingSchema.pick({
    ...({ temperature: true, topP: true, topK: true, minP: true } as const),
    ...({ presencePenalty: true, frequencyPenalty: true, repetitionPenalty: true } as const),
  }).shape,
  maxTokens: z.number().int().min(1).optional(),
});

/** Dollars a million tokens. To the thousandth, so that a token costs whole nano-dollars. */
export const dollarsPerMillionSchema = z
  .number()
  .min(0)
  .max(1e6)
  .refine((it) => Math.abs(it * 1e3 - Math.round(it * 1e3)) < 1e-6, "has at most three decimals.");
export const priceSchema = z.strictObject({
  prompt: dollarsPerMillionSchema,
  /** Of prompt tokens that a worker found in its cache; absent: as the others. */
  cachedPrompt: dollarsPerMillionSchema.optional(),
  completion: dollarsPerMillionSchema,
});

const weight = z.number().positive().max(1e6);
const share = z.number().gt(0).max(1);

/** A name that stands for a model, or for several by weight. */
export const aliasSchema = z.strictObject({
  name: modelNameSchema,
  targets: z
    .array(z.strictObject({ model: modelNameSchema, weight: weight.default(1) }))
    .min(1)
    .max(16),
  /** Models that get a copy of this share of the requests; nobody sees or pays for their answers. */
  mirrors: z
    .array(z.strictObject({ model: modelNameSchema, share }))
    .max(4)
    .default([]),
  /**
   * Takes a target out when, over the last `windowSeconds` and at least `requestsMin` requests, its share
   * of failures exceeds that of the other targets by `errorShareRise` and by more than chance. Absent: never.
   */
  rollbackOn: z
    .strictObject({
      errorShareRise: share.default(0.1),
      requestsMin: z.number().int().min(5).max(10_000).default(20),
      windowSeconds: z.number().int().min(10).max(3_600).default(60),
    })
    .optional(),
});

/** A target that was taken out, until an operator changes the alias. */
export const rollbackSchema = z.object({
  model: modelNameSchema,
  atMs: z.number(),
  reason: z.string(),
});

export type ModelDefaults = z.infer<typeof modelDefaultsSchema>;
export type Price = z.infer<typeof priceSchema>;
export type ModelAlias = z.infer<typeof aliasSchema>;
export type Rollback = z.infer<typeof rollbackSchema>;
