import * as z from "zod";
import { FALLBACK_MODELS_MAX } from "@/lib/limits";
import { limitsSchema } from "./api-key";
import {
  aliasSchema,
  modelDefaultsSchema,
  modelNameSchema,
  priceSchema,
  rollbackSchema,
} from "./catalog";
import { dispatchPolicySchema } from "./dispatch";
import { operatorCardSchema } from "./operator-card";
import { visibilitySchema } from "./visibility";
import { MODEL_FEATURES, modelDescriptionSchema, WORKER_KINDS } from "./worker-card";

/** What keepers see and say of models and aliases. */

/** All that is said of a model, in place of what was said before. */
export const modelSettingsSchema = z.strictObject({
  model: modelNameSchema,
  defaults: modelDefaultsSchema.default({}),
  /** Of zeros where nothing is charged; null: as its worker says. */
  price: priceSchema.nullable().default(null),
  limits: limitsSchema.default({}),
  fallbacks: z.array(modelNameSchema).max(FALLBACK_MODELS_MAX).default([]),
  /** How its worker is chosen; null: by the default of this installation. */
  dispatch: dispatchPolicySchema.nullable().default(null),
  /** What is told of it in place of what its worker tells. */
  card: operatorCardSchema.default({}),
});

/** The same, and where it can be met; absent: as before. */
export const modelBodySchema = modelSettingsSchema.extend({
  visibility: visibilitySchema.optional(),
});

/** Somebody who serves it. */
export const modelServerSchema = z.object({
  name: z.string(),
  host: z.string().nullable(),
  kind: z.enum(WORKER_KINDS),
  state: z.string(),
  build: z.string(),
  contextLength: z.number(),
  features: z.array(z.enum(MODEL_FEATURES)),
  /** Null: not told. */
  fields: z.array(z.string()).nullable(),
  diskBytes: z.number().nullable(),
});

export const namedModelSchema = z.strictObject({ model: modelNameSchema });
export const retirementBodySchema = z.strictObject({
  model: modelNameSchema,
  isRetired: z.boolean(),
});
export const namedAliasSchema = z.strictObject({ name: modelNameSchema });

export const adminModelsSchema = z.object({
  models: z.array(
    modelSettingsSchema.extend({
      isAwake: z.boolean(),
      /** Whether anything was said of it. */
      isSet: z.boolean(),
      /** An alias of its name answers in its place. */
      isHidden: z.boolean(),
      /** Since when it is not drawn any more; null of one that may be. */
      retiredAt: z.string().nullable(),
      visibility: visibilitySchema,
      /** What its worker said last; null of a model that none has offered. */
      told: z
        .object({ description: modelDescriptionSchema, price: priceSchema.nullable() })
        .nullable(),
      /** What is charged: the operator's word first; null: nothing. */
      charged: priceSchema.nullable(),
      servers: z.array(modelServerSchema),
    }),
  ),
  aliases: z.array(aliasSchema.extend({ rollback: rollbackSchema.nullable() })),
});

export type ModelSettingsBody = z.output<typeof modelSettingsSchema>;
export type ModelBody = z.output<typeof modelBodySchema>;
export type ModelServer = z.infer<typeof modelServerSchema>;
export type AdminModels = z.infer<typeof adminModelsSchema>;
export type AdminModel = AdminModels["models"][number];
export type AdminAlias = AdminModels["aliases"][number];
