import * as z from "zod";
import { MODEL_PROBLEMS } from "./external-models";
import { modelEntrySchema } from "./model-entry";
import { PROVIDER_NAMES } from "./provider-table";

/** What keepers say of models of external providers, and what they are shown. No part of a key is in it. */

export const providerKeyViewSchema = z.object({
  id: z.uuid(),
  name: z.string(),
  provider: z.enum(PROVIDER_NAMES),
  /** False: it was entered under another PARLEY_SECRET, and has to be entered again. */
  opens: z.boolean(),
  createdAt: z.string(),
  /** When what is in it was last replaced; as `createdAt` where it never was. */
  updatedAt: z.string(),
  /** Names of the models that use it. */
  models: z.array(z.string()),
});

export const EXTERNAL_STATES = ["off", "offered", "waiting", ...MODEL_PROBLEMS] as const;

export const externalModelViewSchema = z.object({
  id: z.uuid(),
  entry: modelEntrySchema,
  /** The stored key that it uses; null: its key is in variables. */
  keyId: z.uuid().nullable(),
  isEnabled: z.boolean(),
  /** `offered`: a worker serves it now. */
  state: z.enum(EXTERNAL_STATES),
  /** What is wrong, in a sentence. */
  problem: z.string().nullable(),
  updatedAt: z.string(),
});

export const providersViewSchema = z.object({
  keys: z.array(providerKeyViewSchema),
  models: z.array(externalModelViewSchema),
});

export const externalModelBodySchema = z.strictObject({
  entry: modelEntrySchema,
  keyId: z.uuid().nullable().default(null),
  isEnabled: z.boolean().default(true),
});

export const enableModelBodySchema = z.strictObject({ isEnabled: z.boolean() });

/** What a model said when it was tried. */
export const triedModelSchema = z.object({ text: z.string(), durationMs: z.number() });

export type ProviderKeyView = z.infer<typeof providerKeyViewSchema>;
export type ExternalState = (typeof EXTERNAL_STATES)[number];
export type ExternalModelView = z.infer<typeof externalModelViewSchema>;
export type ProvidersView = z.infer<typeof providersViewSchema>;
export type ExternalModelBody = z.infer<typeof externalModelBodySchema>;
export type TriedModel = z.infer<typeof triedModelSchema>;
