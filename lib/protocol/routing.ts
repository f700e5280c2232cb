import * as z from "zod";
import { FALLBACK_MODELS_MAX } from "@/lib/limits";
import { modelNameSchema } from "./catalog";

/**
 * Which other models may answer a request, and what they may cost: two fields that all our wires share,
 * under the names that OpenRouter's clients know (`models`) or would look for (`provider.max_price`).
 */

/** The name that stands for "whichever is best"; no alias may take it. */
export const AUTO_MODEL = "auto";

const names = z.array(modelNameSchema).min(1).max(FALLBACK_MODELS_MAX);
const dollars = z.number().min(0).max(1e6);

const routingSchema = z
  .strictObject({
    max_price: z
      .strictObject({ prompt: dollars.nullish(), completion: dollars.nullish() })
      .nullish()
      .describe(
        "Dollars a million tokens that the model may cost at most; a model without a price is free.",
      ),
    max_first_token_ms: z
      .number()
      .positive()
      .max(3_600_000)
      .nullish()
      .describe(
        "Milliseconds to the first token at most: the median of the model's recent answers. A model that has none is let in.",
      ),
    models: names.nullish().describe("Only these models are chosen from."),
  })
  .describe('What `model: "auto"` chooses by: the best-rated model within these limits answers.');

/** Null stands for absent. */
export const ROUTING_FIELDS = {
  models: names
    .nullish()
    .describe(
      "Models or aliases to go on with, in order, where `model` cannot answer: unknown, asleep, busy, failing before its first token, or unable to do what the request asks.",
    ),
  routing: routingSchema.nullish(),
} as const;

/** What a request says of its route besides `model`. */
export type RouteAsk = {
  models?: readonly string[];
  limits?: AutoLimits;
};

/** What `auto` is to keep to. */
export type AutoLimits = {
  /** Dollars a million tokens. */
  promptPriceMax?: number;
  completionPriceMax?: number;
  firstTokenMsMax?: number;
  models?: readonly string[];
};

const fieldsSchema = z.object(ROUTING_FIELDS);

export function toRouteAsk({ models, routing }: z.infer<typeof fieldsSchema>): RouteAsk {
  if (routing == null) return models == null ? {} : { models };
  const { max_price: price, max_first_token_ms: firstTokenMs, models: only } = routing;
  return {
    ...(models != null && { models }),
    limits: {
      ...(price?.prompt != null && { promptPriceMax: price.prompt }),
      ...(price?.completion != null && { completionPriceMax: price.completion }),
      ...(firstTokenMs != null && { firstTokenMsMax: firstTokenMs }),
      ...(only != null && { models: only }),
    },
  };
}
