/** Tokens of one request, in OpenAI's words. */
export type OpenAiUsage = {
  prompt_tokens: number;
  completion_tokens: number;
  total_tokens: number;
};

export function toUsage(usage: { promptTokens: number; completionTokens: number }): OpenAiUsage {
  const { promptTokens, completionTokens } = usage;
  return {
    prompt_tokens: promptTokens,
    completion_tokens: completionTokens,
    total_tokens: promptTokens + completionTokens,
  };
}
