import * as z from "zod";
import { type ModelEntry, modelEntrySchema } from "@/lib/protocol/model-entry";
import type { ProviderName } from "@/lib/protocol/provider-table";
import type { FileReading } from "./read-models-file";

/**
 * The file that FastChat's web servers take with `--register-api-endpoint-file`, read as it is: names, each
 * with an `api_type` (fastchat/serve/api_provider.py).
 */

/** Null counts as absent, as it does there. */
const optional = <Schema extends z.ZodType>(schema: Schema) => schema.nullish();

const endpointSchema = z.strictObject({
  model_name: z.string().min(1),
  api_type: z.string().min(1),
  api_base: optional(z.string()),
  api_key: optional(z.string()),
  anony_only: optional(z.boolean()),
  "text-arena": optional(z.boolean()),
  "vision-arena": optional(z.boolean()),
  custom_system_prompt: optional(z.boolean()),
  recommended_config: optional(
    z.strictObject({
      temperature: optional(z.number()),
      top_p: optional(z.number()),
      max_new_tokens: optional(z.number()),
      extra_body: optional(z.record(z.string(), z.json())),
    }),
  ),
  fixed_temperature: optional(z.union([z.number(), z.boolean()])),
  assistant_id: optional(z.string()),
  folder_id: optional(z.string()),
  client_name: optional(z.string()),
});
type Endpoint = z.infer<typeof endpointSchema>;

/** FastChat's kinds under ours. Those that feign a stream are streams here, which all of these providers have. */
const KINDS: Record<string, ProviderName> = {
  openai: "openai",
  openai_no_stream: "openai",
  openai_o1: "openai",
  p2l: "openai-compatible",
  anthropic: "anthropic",
  anthropic_message: "anthropic",
  anthropic_message_vertex: "vertex-anthropic",
  gemini: "google",
  gemini_no_stream: "google",
  vertex: "vertex",
  mistral: "mistral",
  cohere: "cohere",
  // It answers in OpenAI's form under the address below.
  nvidia: "openai-compatible",
  reka: "openai-compatible",
};

/** Why a kind has no place here; ends a sentence. */
const GONE: Record<string, string> = {
  bard: "Bard's service of that name ended; its models are Gemini's: use api_type gemini",
  openai_assistant:
    "OpenAI has ended its Assistants API; use a model of the Responses API in a models.yaml, with provider openai-responses",
  ai2: "the demonstration service of AI2 that it asks has ended; serve the model by a vllm worker",
  yandexgpt:
    "its request has a form that no SDK here speaks; Yandex serves the same models in OpenAI's form: use provider openai-compatible in a models.yaml",
  column:
    "the service was a private one of that arena; if yours speaks OpenAI's form, use api_type openai",
  metagen:
    "the service is one inside Meta that nobody else reaches; ask for Llama by another provider",
};

/** Documented addresses of services whose kind alone FastChat's file names. */
const BASES: Record<string, string> = {
  nvidia: "https://integrate.api.nvidia.com/v1",
  reka: "https://api.reka.ai/v1",
};

/** Of names → endpoints, none of which our own file has. */
export function isFastchatFile(value: unknown): value is Record<string, unknown> {
  if (typeof value !== "object" || value === null || Array.isArray(value) || "models" in value) {
    return false;
  }
  const entries = Object.values(value);
  return entries.some((it) => typeof it === "object" && it !== null && "api_type" in it);
}

/** @param variable what an environment variable holds: FastChat has Google's project and place in two */
export function readFastchat(value: Record<string, unknown>, variable: Variable): FileReading {
  const reading: FileReading = { entries: [], faults: [], warnings: [] };
  for (const [name, raw] of Object.entries(value)) {
    const parsed = endpointSchema.safeParse(raw);
    if (!parsed.success) {
      for (const { path, message } of parsed.error.issues) {
        const key = path.join(".") || "the entry";
        // Keys of JSON are texts and numbers.
        const at = [name, ...(path as (string | number)[])];
        reading.faults.push({ path: at, message: `${key} of ${JSON.stringify(name)}: ${message}` });
      }
      continue;
    }
    takeEndpoint(name, parsed.data, { reading, variable });
  }
  return reading;
}

type Variable = (name: string) => string | undefined;
type Taking = { reading: FileReading; variable: Variable };

function takeEndpoint(name: string, endpoint: Endpoint, { reading, variable }: Taking): void {
  const { api_type: kind, api_key: key } = endpoint;
  const refuse = (path: string, message: string): void => {
    const fault = `${JSON.stringify(name)}: ${message}`;
    reading.faults.push({ path: [name, path], message: fault });
  };
  if (Object.hasOwn(GONE, kind)) {
    refuse("api_type", `api_type ${kind} cannot be served: ${GONE[kind]}`);
    return;
  }
  const provider = findProvider(endpoint);
  if (provider === undefined) {
    refuse(
      "api_type",
      `api_type ${kind} is none of FastChat's; it has ${Object.keys(KINDS).join(", ")}`,
    );
    return;
  }
  for (const unused of ["assistant_id", "folder_id", "client_name"] as const) {
    if (endpoint[unused] == null) continue;
    reading.warnings.push(
      `${unused} of ${JSON.stringify(name)} has no meaning with ${kind} and is left out.`,
    );
  }
  const parsed = modelEntrySchema.safeParse(toEntry(name, endpoint, { provider, variable }));
  if (!parsed.success) {
    for (const { message, path } of parsed.error.issues) {
      refuse("api_type", `${path.join(".") || "the entry"}: ${message}`);
    }
    return;
  }
  reading.entries.push({ entry: parsed.data, at: [name], ...(key && { key }) });
}

function findProvider({ api_type: kind, model_name: model, api_base: base }: Endpoint) {
  const provider = Object.hasOwn(KINDS, kind) ? KINDS[kind] : undefined;
  // There, too, the model's name decides.
  if (provider === "openai" && model.includes("azure")) return "azure";
  // Another server of that shape is told what all of them know, and not what OpenAI alone does.
  const isElsewhere = provider === "openai" && base != null && !/\.openai\.com(\/|$)/.test(base);
  return isElsewhere ? "openai-compatible" : provider;
}

/** Of Azure's first version with tools; FastChat asks for one that Azure has retired. */
const AZURE_VERSION = "2024-10-21";

/** FastChat names the resource; the address of its models is below that. */
function toAzure(base: string): string {
  const address = base.replace(/\/+$/, "");
  return /\/openai(\/|$)/.test(address) ? address : `${address}/openai`;
}

function toEntry(
  name: string,
  endpoint: Endpoint,
  { provider, variable }: { provider: ProviderName; variable: Variable },
): z.input<typeof modelEntrySchema> {
  const { api_type: kind, model_name: model, api_base: base, recommended_config: said } = endpoint;
  const address = provider === "azure" && base != null ? toAzure(base) : (base ?? BASES[kind]);
  const isVertex = provider === "vertex" || provider === "vertex-anthropic";
  const fixed = endpoint.fixed_temperature;
  const parameters: ModelEntry["parameters"] = {
    ...(said?.temperature != null && { temperature: said.temperature }),
    // 1 keeps everything, and 0 would keep nothing.
    ...(said?.top_p != null && said.top_p > 0 && { topP: said.top_p }),
    ...(said?.max_new_tokens != null && { maxTokens: said.max_new_tokens }),
    ...(said?.extra_body != null && { extraBody: said.extra_body }),
  };
  const isReasoner = kind === "openai_o1";
  if (isReasoner || fixed === true || typeof fixed === "number") delete parameters.temperature;
  return {
    ...{ name, provider, model, parameters },
    ...(address != null && !isVertex && { baseUrl: address }),
    ...(provider === "azure" && { apiVersion: AZURE_VERSION }),
    ...(isVertex && { project: variable("GCP_PROJECT_ID"), location: variable("GCP_LOCATION") }),
    features: [
      "chat",
      ...(endpoint["vision-arena"] ? (["images"] as const) : []),
      ...(isReasoner ? (["reasoning"] as const) : []),
    ],
    ...((isReasoner || fixed === true) && { fixed: { temperature: 1 } }),
    ...(typeof fixed === "number" && { fixed: { temperature: fixed } }),
    ...(endpoint.anony_only && { anonymousOnly: true }),
  };
}
