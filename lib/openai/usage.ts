import type { GenerationEnd } from "@/lib/protocol/generate-event";

/** Tokens of one request, in OpenAI's words. */
export type OpenAiUsage = {
  prompt_tokens: number;
  completion_tokens: number;
  total_tokens: number;
  prompt_tokens_details: { cached_tokens: number };
  /** Where reasoning is told apart: what of the completion it was. */
  completion_tokens_details?: { reasoning_tokens: number };
};

export function toUsage(usage: GenerationEnd["usage"], reasoningTokens?: number): OpenAiUsage {
  const { promptTokens, completionTokens } = usage;
  const told: OpenAiUsage = {
    prompt_tokens: promptTokens,
    completion_tokens: completionTokens,
    total_tokens: promptTokens + completionTokens,
    prompt_tokens_details: { cached_tokens: usage.cachedPromptTokens ?? 0 },
  };
  if (reasoningTokens !== undefined) {
    told.completion_tokens_details = { reasoning_tokens: reasoningTokens };
  }
  return told;
}
