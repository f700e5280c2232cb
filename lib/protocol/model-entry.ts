import * as z from "zod";
import { UPSTREAM_SILENCE_MS_MAX } from "@/lib/upstream-limits";
import { dollarsPerMillionSchema } from "./catalog";
import { type CredentialKey, PLACE_KEYS, PROVIDER_NAMES, PROVIDERS } from "./provider-table";
import { REQUEST_FIELDS } from "./request-fields";
import { lineSchema, proseSchema } from "./well-formed-text";

/**
 * One model of an external provider: as `models.yaml` has it, as the platform keeps it, and as the page for
 * keepers sends it. Every key is an operator's word.
 */

/** As shells and container runtimes have them. */
const VARIABLE = /^[A-Za-z_][A-Za-z0-9_]{0,127}$/;
/**
 * What Parley itself is set up with. Whoever enters a model chooses where its key is sent, and may be somebody else
 * than who keeps the machine that the worker runs on.
 */
const OWN_VARIABLE = /^(PARLEY_|OTEL_|DATABASE_URL$|PGPASSWORD$)/i;
/** Past what any provider charges for a million tokens, in US dollars; a larger one is a slip of units. */
const PRICE_MAX = 10_000;
const CONTEXT_LENGTH_MAX = 100_000_000;

const variable = z
  .string()
  .regex(VARIABLE, {
    message:
      "must be the name of an environment variable, such as OPENAI_API_KEY, never the key itself",
  })
  .refine((it) => !OWN_VARIABLE.test(it), {
    message: "names a setting of Parley's own, which is sent to no provider; name another variable",
  });
const url = z.url({
  protocol: /^https?$/,
  message: "must be a URL that begins with https:// or http://",
});
/** What stands in an address is shown on pages and in logs. */
const baseUrl = url.refine((it) => !URL.canParse(it) || isPlain(new URL(it)), {
  message: "holds a password or a query; keep the key apart, or name a variable that has it",
});
const price = dollarsPerMillionSchema.max(PRICE_MAX);
const tokens = z.number().int().min(1).max(CONTEXT_LENGTH_MAX);
/** JSON for a provider's own options: nothing of it is read here. */
const jsonObject = z.record(z.string(), z.json());

const samplingSchema = {
  temperature: z.number().min(0).max(2).optional(),
  topP: z.number().gt(0).max(1).optional(),
};

export const ENTRY_FEATURES = ["chat", "tools", "images", "reasoning", "embeddings"] as const;

/** What a model answers when a request says nothing of it. */
const parametersSchema = z.strictObject({
  ...samplingSchema,
  topK: z.number().int().min(1).optional(),
  maxTokens: tokens.optional(),
  /** The provider's own options, by the names of its SDK. */
  options: jsonObject.optional(),
  /** Further fields of the request's body, as the provider's documentation has them. */
  extraBody: jsonObject.optional(),
});

export const systemPromptSchema = z.union([
  z.enum(["allow", "refuse"]),
  z.strictObject({ prepend: proseSchema.min(1).max(20_000) }),
]);

export const modelEntrySchema = z
  .strictObject({
    /** As people call it here. */
    name: lineSchema.min(1).max(256),
    provider: z.enum(PROVIDER_NAMES),
    /** Its id at the provider; with Azure that of the deployment. */
    model: lineSchema.min(1).max(512),
    key: variable.optional(),
    accessKeyId: variable.optional(),
    secretAccessKey: variable.optional(),
    sessionToken: variable.optional(),
    baseUrl: baseUrl.optional(),
    region: lineSchema.min(1).max(64).optional(),
    project: lineSchema.min(1).max(128).optional(),
    location: lineSchema.min(1).max(64).optional(),
    resource: lineSchema.min(1).max(128).optional(),
    apiVersion: lineSchema.min(1).max(64).optional(),
    organization: lineSchema.max(200).optional(),
    licence: lineSchema.max(100).optional(),
    hasOpenWeights: z.boolean().optional(),
    summary: proseSchema.max(2_000).optional(),
    link: url.optional(),
    contextLength: tokens.optional(),
    features: z.array(z.enum(ENTRY_FEATURES)).default(["chat"]),
    /** US dollars for a million tokens. */
    prices: z
      .strictObject({ input: price, output: price, cachedInput: price.optional() })
      .optional(),
    parameters: parametersSchema.default({}),
    /** What the model has once and for all: a request that asks for another value is refused. */
    fixed: z.strictObject(samplingSchema).default({}),
    /** Corrections of what the provider's models can be asked for: true adds, false takes away. */
    fields: z.partialRecord(z.enum(REQUEST_FIELDS), z.boolean()).default({}),
    anonymousOnly: z.boolean().default(false),
    systemPrompt: systemPromptSchema.default("allow"),
    /** Whether a model of Anthropic's or Google's is told how much to reason in levels or in tokens. */
    reasoningBy: z.enum(["effort", "budget"]).default("effort"),
    /** How long it may say nothing at all; reasoning models that hide their reasoning need minutes. */
    silenceSeconds: z
      .number()
      .positive()
      .max(UPSTREAM_SILENCE_MS_MAX / 1_000)
      .optional(),
  })
  .superRefine((entry, context) => {
    const { place, mayExtendBody } = PROVIDERS[entry.provider];
    for (const key of PLACE_KEYS) {
      const isThere = entry[key] !== undefined;
      if (isThere && !place.required.includes(key) && !place.optional.includes(key)) {
        const message = `has no meaning with ${entry.provider}; leave it out`;
        context.addIssue({ code: "custom", path: [key], message });
      }
      if (!isThere && place.required.includes(key)) {
        const message = `is missing, which ${entry.provider} needs`;
        context.addIssue({ code: "custom", path: [key], message });
      }
    }
    if (entry.parameters.extraBody !== undefined && !mayExtendBody) {
      const message = `cannot be sent to ${entry.provider}, whose requests are signed or of another form; use parameters.options`;
      context.addIssue({ code: "custom", path: ["parameters", "extraBody"], message });
    }
    if (entry.features.length === 0) {
      context.addIssue({ code: "custom", path: ["features"], message: "names nothing" });
    }
    for (const name of ["temperature", "topP"] as const) {
      const [asked, fixed] = [entry.parameters[name], entry.fixed[name]];
      if (asked === undefined || fixed === undefined || asked === fixed) continue;
      const message = `says ${asked}, and fixed.${name} says ${fixed}; keep one`;
      context.addIssue({ code: "custom", path: ["parameters", name], message });
    }
  });

function isPlain({ username, password, search, hash }: URL): boolean {
  return [username, password, search, hash].every((it) => it === "");
}

export type ModelEntry = z.infer<typeof modelEntrySchema>;
export type SystemPromptPolicy = z.infer<typeof systemPromptSchema>;

/** What opens a provider's door, in hand. */
export type Credentials = Partial<Record<CredentialKey, string>>;

/** A model with its credentials in hand. They are never logged, told or compared. */
export type ExternalModel = { entry: ModelEntry; credentials: Credentials };
