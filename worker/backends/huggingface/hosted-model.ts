import * as z from "zod";
import { chooseFamily } from "@/lib/adapters/choose-family";
import { getTemplate } from "@/lib/adapters/known-template";
import { modelEntrySchema } from "@/lib/protocol/model-entry";
import { lineSchema } from "@/lib/protocol/well-formed-text";
import { StartError } from "@/lib/util/start-error";

/** Who serves chats or vectors for the hub, by the names of the library; `auto` is whoever the account prefers. */
export const HUB_PROVIDERS = [
  ...(["auto", "baseten", "cerebras", "cohere", "deepinfra", "featherless-ai"] as const),
  ...(["fireworks-ai", "groq", "hf-inference", "novita", "nscale", "ovhcloud"] as const),
  ...(["publicai", "scaleway", "together", "zai-org"] as const),
] as const;
export type HubProviderName = (typeof HUB_PROVIDERS)[number];

/**
 * How an endpoint is asked: by OpenAI's chats, or with a prompt that is written here, by Text Generation
 * Inference's own wire or by OpenAI's completions.
 */
export const HOST_APIS = ["chat", "generate", "completions"] as const;

/** What runs in an endpoint, where somebody says so: each honours more than all of them do. */
export const HOST_SERVERS = ["tgi", "vllm", "sglang", "llama.cpp"] as const;

const { shape } = modelEntrySchema;
const { name, organization, licence, hasOpenWeights, summary, link, contextLength } = shape;
const { features, prices, fields, anonymousOnly, silenceSeconds } = shape;

/** One model at Hugging Face, as a file or the flags have it. */
export const hostedModelSchema = z
  .strictObject({
    ...{ name, organization, licence, hasOpenWeights, summary, link, contextLength },
    ...{ features, prices, fields, anonymousOnly, silenceSeconds },
    /** Its id at the hub, or what its endpoint calls it. */
    model: lineSchema.min(1).max(512).optional(),
    /** The address of an endpoint or a server of one's own. */
    endpoint: shape.baseUrl,
    provider: z.enum(HUB_PROVIDERS).optional(),
    /** The variable that holds the token. */
    token: shape.key,
    /** An organisation that pays in place of the token's account. */
    billTo: lineSchema.min(1).max(128).optional(),
    api: z.enum(HOST_APIS).default("chat"),
    server: z.enum(HOST_SERVERS).optional(),
    /** The conversation template that prompts are written with, by its name or its family's. */
    template: z
      .string()
      .max(128)
      .superRefine((word, context) => {
        const fault = findTemplateFault(word);
        if (fault !== undefined) context.addIssue({ code: "custom", message: fault });
      })
      .optional(),
    /** Whether it is taken away while nobody asks; absent: by its address. */
    scalesToZero: z.boolean().optional(),
  })
  .superRefine((entry, context) => {
    const refuse = (path: string, message: string) =>
      context.addIssue({ code: "custom", path: [path], message });
    const { endpoint, provider, api, model, template } = entry;
    if (endpoint === undefined && model === undefined) {
      refuse("model", "is missing: name a model of the hub, or an endpoint");
    }
    if (endpoint !== undefined && provider !== undefined) {
      refuse("provider", "is of the hub's router, and an endpoint is asked directly; keep one");
    }
    if (endpoint === undefined) {
      for (const key of ["server", "scalesToZero"] as const) {
        if (entry[key] !== undefined) refuse(key, "is of an endpoint; leave it out");
      }
      if (api !== "chat") refuse("api", "is chat for the hub's providers; leave it out");
    }
    if (api === "chat" && template !== undefined) {
      refuse("template", "is for api generate and completions: chats are written by their server");
    }
    if (api !== "chat" && template === undefined) {
      const doubt = model === undefined ? "no model is named" : chooseFamily({ name: model }).doubt;
      if (doubt !== undefined) refuse("template", `is missing, and ${doubt}; name one`);
    }
    if (entry.features.length === 0) refuse("features", "names nothing");
  });

export type HostedModel = z.infer<typeof hostedModelSchema>;

/** A model with its token in hand, which is never logged, told or compared with another's. */
export type HostedEntry = { model: HostedModel; token: string | undefined };

function findTemplateFault(word: string): string | undefined {
  try {
    getTemplate(word);
    return undefined;
  } catch (error) {
    if (error instanceof StartError) return `${error.message} ${error.remedy}`;
    throw error;
  }
}

const ENDPOINTS_DOMAIN = /\.endpoints\.huggingface\.cloud$/i;

/** See `findLoading`. */
export function mayWake({ endpoint, scalesToZero }: HostedModel): boolean {
  if (endpoint === undefined) return false;
  return scalesToZero ?? ENDPOINTS_DOMAIN.test(new URL(endpoint).hostname);
}
