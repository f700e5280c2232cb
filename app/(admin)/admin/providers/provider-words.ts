import type { CredentialKey, PlaceKey, ProviderName } from "@/lib/protocol/provider-table";
import type { ExternalState } from "@/lib/protocol/providers-view";

/** What providers, their places and the states of their models are called on this page. */

export const PROVIDER_WORDS: Record<ProviderName, string> = {
  openai: "OpenAI, chat completions",
  "openai-responses": "OpenAI, Responses API",
  azure: "Azure OpenAI",
  anthropic: "Anthropic",
  google: "Google AI Studio",
  vertex: "Google Vertex AI",
  "vertex-anthropic": "Claude on Vertex AI",
  bedrock: "Amazon Bedrock",
  mistral: "Mistral",
  cohere: "Cohere",
  groq: "Groq",
  together: "Together AI",
  fireworks: "Fireworks AI",
  deepseek: "DeepSeek",
  xai: "xAI",
  perplexity: "Perplexity",
  openrouter: "OpenRouter",
  "openai-compatible": "Another server of OpenAI’s shape",
};

/** Whose a key is: the two interfaces of OpenAI's have one. */
export function toKeyWords(provider: ProviderName): string {
  return provider === "openai" || provider === "openai-responses"
    ? "OpenAI"
    : PROVIDER_WORDS[provider];
}

export const CREDENTIAL_WORDS: Record<CredentialKey, string> = {
  key: "Key",
  accessKeyId: "Access key id",
  secretAccessKey: "Secret access key",
  sessionToken: "Session token",
};

type Place = Exclude<PlaceKey, CredentialKey>;

export const PLACE_FIELDS: readonly { name: Place; label: string; placeholder: string }[] = [
  { name: "baseUrl", label: "Base URL", placeholder: "https://api.example.org/v1" },
  { name: "region", label: "Region", placeholder: "eu-north-1" },
  { name: "resource", label: "Resource", placeholder: "my-resource" },
  { name: "apiVersion", label: "API version", placeholder: "2024-10-21" },
  { name: "project", label: "Project", placeholder: "my-project" },
  { name: "location", label: "Location", placeholder: "europe-west1" },
];

export const STATE_WORDS: Record<ExternalState, string> = {
  off: "Switched off",
  offered: "Offered",
  waiting: "Waiting for its worker",
  "key-missing": "Key missing",
  "key-locked": "Key cannot be opened",
  "key-withheld": "Key not sent",
  refused: "Refused by provider",
  "model-gone": "Not there",
  faulty: "Not served",
};
