import * as z from "zod";
import { KEY_MODELS_MAX } from "@/lib/limits";
import { API_SCOPES, apiScopeSchema, keyLimitsSchema } from "./api-key";
import { modelNameSchema } from "./catalog";

/** What keepers say of keys, and what they are shown. */

const name = z
  .string()
  .trim()
  .min(1)
  .max(100)
  .regex(/^\P{C}*$/u, "holds a control character; remove it.");
const scopes = z
  .array(apiScopeSchema)
  .min(1)
  .refine((list) => new Set(list).size === list.length, "names a scope twice.");
const models = z
  .array(modelNameSchema)
  .min(1, "is empty: name a model, or leave it out for all.")
  .max(KEY_MODELS_MAX);
const moment = z.iso.datetime({ offset: true });

export const createKeyBodySchema = z.strictObject({
  name,
  scopes: scopes.default([...API_SCOPES]),
  /** Models and aliases; null for all. */
  models: models.nullable().default(null),
  limits: keyLimitsSchema.default({}),
  /** ISO 8601; null for never. */
  expiresAt: moment.nullable().default(null),
});

/** What is absent stays as it is; `limits` are replaced whole. */
export const updateKeyBodySchema = z.strictObject({
  name: name.optional(),
  scopes: scopes.optional(),
  models: models.nullable().optional(),
  limits: keyLimitsSchema.optional(),
  expiresAt: moment.nullable().optional(),
});

export const KEY_STATES = ["live", "expired", "revoked"] as const;

export const keyViewSchema = z.object({
  id: z.uuid(),
  name: z.string(),
  prefix: z.string(),
  scopes: z.array(apiScopeSchema),
  models: z.array(z.string()).nullable(),
  limits: keyLimitsSchema,
  state: z.enum(KEY_STATES),
  createdAt: z.string(),
  expiresAt: z.string().nullable(),
  revokedAt: z.string().nullable(),
  /** To within a second or two. */
  lastUsedAt: z.string().nullable(),
});

export const keyListSchema = z.object({
  /** The newest first, KEYS_LISTED_MAX at most. */
  keys: z.array(keyViewSchema),
  /** Of all that were ever made. */
  total: z.number(),
  /** Whom the API answers without a key. */
  open: z.enum(["nobody", "this-machine", "everyone"]),
});

/** The only reply that ever holds a key. */
export const createdKeySchema = z.object({ key: z.string(), view: keyViewSchema });

export type CreateKeyBody = z.output<typeof createKeyBodySchema>;
export type UpdateKeyBody = z.output<typeof updateKeyBodySchema>;
export type KeyState = (typeof KEY_STATES)[number];
export type KeyView = z.infer<typeof keyViewSchema>;
export type KeyList = z.infer<typeof keyListSchema>;
export type CreatedKey = z.infer<typeof createdKeySchema>;
