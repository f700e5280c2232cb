import type { RequestField } from "./request-fields";

/**
 * What can be asked of each provider, from its published reference. A field that is not in a row is
 * refused before anything is sent; the worker takes away what the SDK says of one model, and an
 * operator corrects it with `fields`.
 */

export const PROVIDER_NAMES = [
  ...(["openai", "openai-responses", "azure", "anthropic", "google", "vertex"] as const),
  ...(["vertex-anthropic", "bedrock", "mistral", "cohere", "groq", "together"] as const),
  ...(["fireworks", "deepseek", "xai", "perplexity", "openrouter", "openai-compatible"] as const),
] as const;
export type ProviderName = (typeof PROVIDER_NAMES)[number];

/** What opens a provider's door. */
export const CREDENTIAL_KEYS = ["key", "accessKeyId", "secretAccessKey", "sessionToken"] as const;
export type CredentialKey = (typeof CREDENTIAL_KEYS)[number];

/** Where a model is, and with what it is reached. */
export const PLACE_KEYS = [
  ...CREDENTIAL_KEYS,
  ...(["baseUrl", "region", "project", "location", "resource", "apiVersion"] as const),
] as const;
export type PlaceKey = (typeof PLACE_KEYS)[number];

export type ProviderFacts = {
  place: { required: readonly PlaceKey[]; optional: readonly PlaceKey[] };
  /** Variables that are read where the entry names none; none of them is one that a provider can do without. */
  variables: Partial<Record<CredentialKey, string>>;
  needsKey: boolean;
  fields: readonly RequestField[];
  /** What a request gets that says nothing, by the provider's reference. */
  defaults: { temperature: number; topP: number };
  temperatureMax: number;
  /** Stop strings of one request at most; 0: the provider knows none, and the answer is cut here. */
  stopsMax: number;
  /** Its chat completions have OpenAI's form, in which further fields can be written as they are. */
  isOpenAiShaped: boolean;
  mayExtendBody: boolean;
  /** A tool's answer may hold images. */
  seesToolImages: boolean;
};

const SAMPLING = ["sampling.temperature", "sampling.topP"] as const;
const PENALTIES = ["sampling.presencePenalty", "sampling.frequencyPenalty"] as const;
const TOOLS = ["toolRequest", "toolRequest.choice"] as const;
const JSON_FORMS = ["grammar.json-object", "grammar.json-schema"] as const;
/** Of all providers; the two last ones where the entry's `features` say so. */
const COMMON = [...SAMPLING, "maxTokens", ...TOOLS, "images", "reasoningEffort"] as const;

const BY_URL_AND_KEY = { required: [], optional: ["key", "baseUrl"] } as const;
const OPENAI_LIKE = {
  place: BY_URL_AND_KEY,
  needsKey: true,
  defaults: { temperature: 1, topP: 1 },
  temperatureMax: 2,
  stopsMax: 4,
  isOpenAiShaped: true,
  mayExtendBody: true,
  seesToolImages: false,
} as const;
const OPENAI_FIELDS = [
  ...[...COMMON, ...PENALTIES, ...JSON_FORMS],
  ...(["sampling.logitBias", "sampling.seed", "stop", "toolRequest.isParallel"] as const),
] as const;
/** Of servers that sample as vLLM does. */
const OPEN_FIELDS = ["sampling.topK", "sampling.minP", "sampling.repetitionPenalty"] as const;
const ANTHROPIC_LIKE = {
  needsKey: true,
  // Of top_p nothing is said; nothing is cut off.
  defaults: { temperature: 1, topP: 1 },
  temperatureMax: 1,
  stopsMax: 8_191,
  isOpenAiShaped: false,
  mayExtendBody: true,
  seesToolImages: true,
  fields: [
    ...([...COMMON, "sampling.topK", "stop", "grammar.json-schema"] as const),
    "toolRequest.isParallel",
  ],
} as const;
const GEMINI_LIKE = {
  defaults: { temperature: 1, topP: 0.95 },
  temperatureMax: 2,
  stopsMax: 5,
  isOpenAiShaped: false,
  mayExtendBody: true,
  seesToolImages: false,
  fields: [
    ...[...COMMON, ...PENALTIES, ...JSON_FORMS],
    ...(["sampling.topK", "sampling.seed", "stop"] as const),
  ],
} as const;

export const PROVIDERS: Record<ProviderName, ProviderFacts> = {
  openai: {
    ...OPENAI_LIKE,
    variables: { key: "OPENAI_API_KEY" },
    fields: OPENAI_FIELDS,
  },
  "openai-responses": {
    ...OPENAI_LIKE,
    variables: { key: "OPENAI_API_KEY" },
    isOpenAiShaped: false,
    seesToolImages: true,
    stopsMax: 0,
    fields: [...COMMON, ...JSON_FORMS, "toolRequest.isParallel"],
  },
  azure: {
    ...OPENAI_LIKE,
    place: { required: [], optional: ["key", "baseUrl", "resource", "apiVersion"] },
    variables: { key: "AZURE_API_KEY" },
    fields: OPENAI_FIELDS,
  },
  anthropic: {
    ...ANTHROPIC_LIKE,
    place: BY_URL_AND_KEY,
    variables: { key: "ANTHROPIC_API_KEY" },
  },
  google: {
    ...GEMINI_LIKE,
    place: BY_URL_AND_KEY,
    variables: { key: "GOOGLE_GENERATIVE_AI_API_KEY" },
    needsKey: true,
  },
  vertex: {
    ...GEMINI_LIKE,
    // With a key in express mode; else by the machine's own Google account.
    place: { required: [], optional: ["key", "baseUrl", "project", "location"] },
    variables: {},
    needsKey: false,
  },
  "vertex-anthropic": {
    ...ANTHROPIC_LIKE,
    place: { required: ["project", "location"], optional: ["baseUrl"] },
    variables: {},
    needsKey: false,
  },
  bedrock: {
    place: {
      required: ["region"],
      optional: ["key", "accessKeyId", "secretAccessKey", "sessionToken", "baseUrl"],
    },
    variables: {
      key: "AWS_BEARER_TOKEN_BEDROCK",
      accessKeyId: "AWS_ACCESS_KEY_ID",
      secretAccessKey: "AWS_SECRET_ACCESS_KEY",
      sessionToken: "AWS_SESSION_TOKEN",
    },
    needsKey: true,
    fields: [...COMMON, "stop", "grammar.json-schema"],
    defaults: { temperature: 1, topP: 1 },
    temperatureMax: 1,
    // Converse takes 2,500 (API reference, InferenceConfiguration); models take fewer and say so.
    stopsMax: 2_500,
    isOpenAiShaped: false,
    // The signature covers the body.
    mayExtendBody: false,
    seesToolImages: true,
  },
  mistral: {
    ...OPENAI_LIKE,
    variables: { key: "MISTRAL_API_KEY" },
    temperatureMax: 1.5,
    defaults: { temperature: 0.7, topP: 1 },
    fields: [
      ...[...COMMON, ...PENALTIES, ...JSON_FORMS],
      ...(["sampling.seed", "stop", "toolRequest.isParallel"] as const),
    ],
  },
  cohere: {
    place: BY_URL_AND_KEY,
    variables: { key: "COHERE_API_KEY" },
    needsKey: true,
    fields: [
      ...[...COMMON, ...PENALTIES, ...JSON_FORMS],
      ...(["sampling.topK", "sampling.seed", "stop"] as const),
    ],
    defaults: { temperature: 0.3, topP: 0.75 },
    temperatureMax: 1,
    stopsMax: 5,
    isOpenAiShaped: false,
    mayExtendBody: true,
    seesToolImages: false,
  },
  groq: {
    ...OPENAI_LIKE,
    variables: { key: "GROQ_API_KEY" },
    // Its reference says of penalties and biases that no model of it has them yet.
    fields: [
      ...[...COMMON, ...JSON_FORMS],
      ...(["sampling.seed", "stop", "toolRequest.isParallel"] as const),
    ],
  },
  together: {
    ...OPENAI_LIKE,
    variables: { key: "TOGETHER_API_KEY" },
    fields: [
      ...[...COMMON, ...PENALTIES, ...JSON_FORMS, ...OPEN_FIELDS],
      ...(["sampling.logitBias", "sampling.seed", "stop"] as const),
    ],
  },
  fireworks: {
    ...OPENAI_LIKE,
    variables: { key: "FIREWORKS_API_KEY" },
    fields: [
      ...[...COMMON, ...PENALTIES, ...JSON_FORMS, ...OPEN_FIELDS],
      ...(["sampling.logitBias", "sampling.seed", "stop"] as const),
    ],
  },
  deepseek: {
    ...OPENAI_LIKE,
    variables: { key: "DEEPSEEK_API_KEY" },
    stopsMax: 16,
    fields: [...COMMON, "stop", "grammar.json-object"],
  },
  xai: {
    ...OPENAI_LIKE,
    variables: { key: "XAI_API_KEY" },
    // Its reasoning models refuse them.
    stopsMax: 0,
    fields: [...COMMON, ...JSON_FORMS, "sampling.seed", "toolRequest.isParallel"],
  },
  perplexity: {
    ...OPENAI_LIKE,
    variables: { key: "PERPLEXITY_API_KEY" },
    defaults: { temperature: 0.2, topP: 0.9 },
    stopsMax: 0,
    fields: [...SAMPLING, ...PENALTIES, "maxTokens", "images", "grammar.json-schema"],
  },
  openrouter: {
    ...OPENAI_LIKE,
    variables: { key: "OPENROUTER_API_KEY" },
    fields: [...OPENAI_FIELDS, ...OPEN_FIELDS],
  },
  "openai-compatible": {
    ...OPENAI_LIKE,
    place: { required: ["baseUrl"], optional: ["key"] },
    variables: {},
    needsKey: false,
    fields: [...COMMON, ...PENALTIES, ...JSON_FORMS, "sampling.seed", "stop"],
  },
};

/** What a key of a provider can consist of; none where it has its access from the machine. */
export function credentialKeysOf(provider: ProviderName): CredentialKey[] {
  const { required, optional } = PROVIDERS[provider].place;
  return CREDENTIAL_KEYS.filter((name) => required.includes(name) || optional.includes(name));
}

/** Providers whose models can use a key of this one: the two interfaces of OpenAI's have one key. */
export function takesKeyOf(provider: ProviderName, keyProvider: ProviderName): boolean {
  if (provider === keyProvider) return true;
  const [own, other] = [PROVIDERS[provider].variables.key, PROVIDERS[keyProvider].variables.key];
  return own !== undefined && own === other;
}
