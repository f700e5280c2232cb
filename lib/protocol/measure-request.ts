import { ANSWER_TOKENS_EXPECTED, CHARACTERS_A_TOKEN, READ_TOKEN_COST } from "@/lib/fleet-limits";
import { IMAGE_TOKENS_EXPECTED } from "@/lib/upstream-limits";
import type { GenerateRequest } from "./generate-request";

/** What can be told of a request's work before its model has counted its tokens. */
export type RequestMeasure = {
  /** Of the prompt, without what a chat template adds. Token ids and images count for as much text as is usual. */
  promptCharacters: number;
  /** Tokens that it may write at most, where it says so. */
  maxTokens: number | undefined;
  /** It writes as many as it may. */
  isExact: boolean;
};

export function measureRequest(request: GenerateRequest): RequestMeasure {
  const { messages, prompt, maxTokens, ignoreEos = false } = request;
  let characters = 0;
  if (typeof prompt === "string") characters = prompt.length;
  else if (prompt !== undefined) characters = prompt.length * CHARACTERS_A_TOKEN;
  for (const { content, toolCalls = [] } of messages) {
    for (const part of content) {
      characters +=
        part.type === "text" ? part.text.length : IMAGE_TOKENS_EXPECTED * CHARACTERS_A_TOKEN;
    }
    for (const call of toolCalls) characters += call.arguments.length;
  }
  return { promptCharacters: characters, maxTokens, isExact: ignoreEos && maxTokens !== undefined };
}

/** What it will have to read and write, as tokens written, where nothing is known of its worker's answers. */
export function guessWork({ promptCharacters, maxTokens, isExact }: RequestMeasure): number {
  const most = maxTokens ?? ANSWER_TOKENS_EXPECTED;
  const written = isExact ? most : Math.min(most, ANSWER_TOKENS_EXPECTED);
  return (promptCharacters / CHARACTERS_A_TOKEN) * READ_TOKEN_COST + written;
}
