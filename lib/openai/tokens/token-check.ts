import * as z from "zod";
import { TOKEN_CHECK_PROMPTS_MAX } from "@/lib/limits";
import type { TokenizeReply, TokenizeRequest } from "@/lib/protocol/text";
import { textSchema } from "@/lib/protocol/well-formed-text";

/** FastChat's `POST /api/v1/token_check`: whether prompts leave room for so many tokens of answer. */

const promptSchema = z.strictObject({
  model: textSchema.min(1).max(256),
  prompt: textSchema,
  max_tokens: z.number().int().min(0).max(Number.MAX_SAFE_INTEGER),
});

export const tokenCheckBodySchema = z.strictObject({
  prompts: z.array(promptSchema).min(1).max(TOKEN_CHECK_PROMPTS_MAX),
});

type CheckedPrompt = z.infer<typeof promptSchema>;

/** A prompt as it is completed: with the tokens that the tokenizer itself puts around it. */
export function toTokenizeRequest({ model, prompt }: CheckedPrompt): TokenizeRequest {
  return { model, text: prompt, addSpecialTokens: true };
}

export function toTokenCheck({ ids, contextLength }: TokenizeReply, { max_tokens }: CheckedPrompt) {
  return {
    fits: ids.length + max_tokens <= contextLength,
    ...{ tokenCount: ids.length, contextLength },
  };
}
