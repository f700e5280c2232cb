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

/** What keepers see and say of models and aliases. */

/** All that is said of a model, in place of what was said before. */
export const modelSettingsSchema = z.strictObject({
  model: modelNameSchema,
  defaults: modelDefaultsSchema.default({}),
  /** Null where nothing is charged. */
  price: priceSchema.nullable().default(null),
  limits: limitsSchema.default({}),
  fallbacks: z.array(modelNameSchema).max(FALLBACK_MODELS_MAX).default([]),
  /** How its worker is chosen; null: by the default of this installation. */
  dispatch: dispatchPolicySchema.nullable().default(null),
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
    }),
  ),
  aliases: z.array(aliasSchema.extend({ rollback: rollbackSchema.nullable() })),
});

export type ModelSettingsBody = z.output<typeof modelSettingsSchema>;
export type AdminModels = z.infer<typeof adminModelsSchema>;
export type AdminModel = AdminModels["models"][number];
export type AdminAlias = AdminModels["aliases"][number];
