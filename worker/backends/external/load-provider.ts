import type { EmbeddingModelV3, LanguageModelV3 } from "@ai-sdk/provider";
import type { Credentials, ModelEntry } from "@/lib/protocol/model-entry";
import type { ProviderName } from "@/lib/protocol/provider-table";

/**
 * The SDK's packages, each loaded when a model of its provider is: a worker pays for none that it does
 * not use.
 */

export type LoadedProvider = {
  chat(id: string): LanguageModelV3;
  /** Absent: the provider has no models that make vectors. */
  embedding?: (id: string) => EmbeddingModelV3;
  /** What the SDK calls the provider where options of its own are given. */
  optionsName: string;
};

export type LoadOptions = {
  entry: ModelEntry;
  credentials: Credentials;
  fetch: typeof fetch;
};

type Loader = (options: LoadOptions) => Promise<LoadedProvider>;

/** What nearly all of them take. */
function settingsOf({ entry, credentials, fetch }: LoadOptions) {
  const { baseUrl } = entry;
  return {
    fetch,
    ...(baseUrl !== undefined && { baseURL: baseUrl.replace(/\/+$/, "") }),
    ...(credentials.key !== undefined && { apiKey: credentials.key }),
  };
}

const openai: Loader = async (options) => {
  const { createOpenAI } = await import("@ai-sdk/openai");
  const provider = createOpenAI(settingsOf(options));
  return {
    chat: (id) => provider.chat(id),
    embedding: (id) => provider.embedding(id),
    optionsName: "openai",
  };
};

const openaiResponses: Loader = async (options) => {
  const { createOpenAI } = await import("@ai-sdk/openai");
  const provider = createOpenAI(settingsOf(options));
  return { chat: (id) => provider.responses(id), optionsName: "openai" };
};

const azure: Loader = async (options) => {
  const { createAzure } = await import("@ai-sdk/azure");
  const { resource, apiVersion } = options.entry;
  const provider = createAzure({
    ...settingsOf(options),
    ...(resource !== undefined && { resourceName: resource }),
    ...(apiVersion !== undefined && { apiVersion }),
    // The form of the address that goes with versions by date; `v1` has none of deployments.
    useDeploymentBasedUrls: apiVersion !== undefined && /^\d{4}-/.test(apiVersion),
  });
  return {
    chat: (id) => provider.chat(id),
    embedding: (id) => provider.embedding(id),
    optionsName: "openai",
  };
};

const anthropic: Loader = async (options) => {
  const { createAnthropic } = await import("@ai-sdk/anthropic");
  const provider = createAnthropic(settingsOf(options));
  return { chat: (id) => provider.messages(id), optionsName: "anthropic" };
};

const google: Loader = async (options) => {
  const { createGoogleGenerativeAI } = await import("@ai-sdk/google");
  const provider = createGoogleGenerativeAI(settingsOf(options));
  return {
    chat: (id) => provider.chat(id),
    embedding: (id) => provider.embedding(id),
    optionsName: "google",
  };
};

const vertex: Loader = async (options) => {
  const { createVertex } = await import("@ai-sdk/google-vertex");
  const { project, location } = options.entry;
  const provider = createVertex({
    ...settingsOf(options),
    ...(project !== undefined && { project }),
    ...(location !== undefined && { location }),
  });
  return {
    chat: (id) => provider.languageModel(id),
    embedding: (id) => provider.embeddingModel(id),
    optionsName: "vertex",
  };
};

const vertexAnthropic: Loader = async (options) => {
  const { createVertexAnthropic } = await import("@ai-sdk/google-vertex/anthropic");
  const { project = "", location = "" } = options.entry;
  const provider = createVertexAnthropic({ ...settingsOf(options), project, location });
  return { chat: (id) => provider.languageModel(id), optionsName: "anthropic" };
};

const bedrock: Loader = async (options) => {
  const { createAmazonBedrock } = await import("@ai-sdk/amazon-bedrock");
  const { accessKeyId, secretAccessKey, sessionToken } = options.credentials;
  const provider = createAmazonBedrock({
    ...settingsOf(options),
    ...{ region: options.entry.region ?? "" },
    ...(accessKeyId !== undefined && { accessKeyId }),
    ...(secretAccessKey !== undefined && { secretAccessKey }),
    ...(sessionToken !== undefined && { sessionToken }),
  });
  return {
    chat: (id) => provider.languageModel(id),
    embedding: (id) => provider.embeddingModel(id),
    optionsName: "bedrock",
  };
};

const mistral: Loader = async (options) => {
  const { createMistral } = await import("@ai-sdk/mistral");
  const provider = createMistral(settingsOf(options));
  return {
    chat: (id) => provider.chat(id),
    embedding: (id) => provider.embedding(id),
    optionsName: "mistral",
  };
};

const cohere: Loader = async (options) => {
  const { createCohere } = await import("@ai-sdk/cohere");
  const provider = createCohere(settingsOf(options));
  return {
    chat: (id) => provider.languageModel(id),
    embedding: (id) => provider.embedding(id),
    optionsName: "cohere",
  };
};

const groq: Loader = async (options) => {
  const { createGroq } = await import("@ai-sdk/groq");
  const provider = createGroq(settingsOf(options));
  return { chat: (id) => provider.languageModel(id), optionsName: "groq" };
};

const together: Loader = async (options) => {
  const { createTogetherAI } = await import("@ai-sdk/togetherai");
  const provider = createTogetherAI(settingsOf(options));
  return {
    chat: (id) => provider.chatModel(id),
    embedding: (id) => provider.embeddingModel(id),
    optionsName: "togetherai",
  };
};

const fireworks: Loader = async (options) => {
  const { createFireworks } = await import("@ai-sdk/fireworks");
  const provider = createFireworks(settingsOf(options));
  return {
    chat: (id) => provider.chatModel(id),
    embedding: (id) => provider.embeddingModel(id),
    optionsName: "fireworks",
  };
};

const deepseek: Loader = async (options) => {
  const { createDeepSeek } = await import("@ai-sdk/deepseek");
  const provider = createDeepSeek(settingsOf(options));
  return { chat: (id) => provider.chat(id), optionsName: "deepseek" };
};

const xai: Loader = async (options) => {
  const { createXai } = await import("@ai-sdk/xai");
  const provider = createXai(settingsOf(options));
  return { chat: (id) => provider.chat(id), optionsName: "xai" };
};

const perplexity: Loader = async (options) => {
  const { createPerplexity } = await import("@ai-sdk/perplexity");
  const provider = createPerplexity(settingsOf(options));
  return { chat: (id) => provider.languageModel(id), optionsName: "perplexity" };
};

const openrouter: Loader = async (options) => {
  const { createOpenRouter } = await import("@openrouter/ai-sdk-provider");
  const provider = createOpenRouter({ ...settingsOf(options), compatibility: "strict" });
  return { chat: (id) => provider.chat(id), optionsName: "openrouter" };
};

const openaiCompatible: Loader = async (options) => {
  const { createOpenAICompatible } = await import("@ai-sdk/openai-compatible");
  const provider = createOpenAICompatible({
    ...{ name: "upstream", fetch: options.fetch },
    baseURL: (options.entry.baseUrl ?? "").replace(/\/+$/, ""),
    ...(options.credentials.key !== undefined && { apiKey: options.credentials.key }),
    includeUsage: true,
    supportsStructuredOutputs: true,
  });
  return {
    chat: (id) => provider.chatModel(id),
    embedding: (id) => provider.embeddingModel(id),
    optionsName: "upstream",
  };
};

const LOADERS: Record<ProviderName, Loader> = {
  ...{ openai, azure, anthropic, google, vertex, bedrock, mistral, cohere, groq, together },
  ...{ fireworks, deepseek, xai, perplexity, openrouter },
  "openai-responses": openaiResponses,
  "vertex-anthropic": vertexAnthropic,
  "openai-compatible": openaiCompatible,
};

export async function loadProvider(options: LoadOptions): Promise<LoadedProvider> {
  return await LOADERS[options.entry.provider](options);
}
