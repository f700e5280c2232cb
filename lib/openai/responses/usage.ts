import type { GenerationEnd } from "@/lib/protocol/generate-event";

/** Tokens of one response, in this API's words. */
export type ResponseUsage = {
  input_tokens: number;
  /** Nothing is charged for writing a prompt's cache. */
  input_tokens_details: { cached_tokens: number; cache_write_tokens: 0 };
  output_tokens: number;
  output_tokens_details: { reasoning_tokens: number };
  total_tokens: number;
};

export function toResponseUsage(
  usage: GenerationEnd["usage"],
  reasoningTokens: number,
): ResponseUsage {
  const { promptTokens, completionTokens, cachedPromptTokens = 0 } = usage;
  return {
    input_tokens: promptTokens,
    input_tokens_details: { cached_tokens: cachedPromptTokens, cache_write_tokens: 0 },
    output_tokens: completionTokens,
    output_tokens_details: { reasoning_tokens: reasoningTokens },
    total_tokens: promptTokens + completionTokens,
  };
}
