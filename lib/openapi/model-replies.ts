import * as z from "zod";
import type { AnthropicModel, AnthropicModelPage } from "@/lib/anthropic/models";
import type { OpenAiModel } from "@/lib/openai/models";
import type { toTokenCheck } from "@/lib/openai/tokens/token-check";
import type { toDetokenizeReply, toTokenizeReply } from "@/lib/openai/tokens/tokenize";
import { formOf } from "./reply-schema";

const count = z.number().int().min(0);

const modelObject = formOf<OpenAiModel>()(
  z.object({
    ...{ id: z.string(), object: z.literal("model"), owned_by: z.string() },
    created: count.describe("Unix time in seconds."),
    context_length: count.describe("Tokens that prompt and answer may have together."),
    features: z
      .array(z.string())
      .describe("What it can be asked for: `chat`, `embeddings`, `rerank`, `tools`, `images`, …"),
  }),
);

const anthropicModel = formOf<AnthropicModel>()(
  z.object({
    ...{ type: z.literal("model"), id: z.string(), display_name: z.string() },
    created_at: z.string().describe("RFC 3339."),
    max_input_tokens: count.describe("Tokens that prompt and answer may have together."),
    ...{ max_tokens: count, capabilities: z.null(), lifecycle: z.literal("active") },
    ...{ deprecated_at: z.null(), line: z.null() },
  }),
);

/** OpenAI's, or Anthropic's for its clients. */
export const modelSchema = z.union([modelObject, anthropicModel]);

export const modelListSchema = z.union([
  z.object({ object: z.literal("list"), data: z.array(modelObject) }),
  formOf<AnthropicModelPage>()(
    z.object({
      ...{ data: z.array(anthropicModel), has_more: z.boolean() },
      ...{ first_id: z.string().nullable(), last_id: z.string().nullable() },
    }),
  ),
]);

export const tokenizeReplySchema = formOf<ReturnType<typeof toTokenizeReply>>()(
  z.object({
    count,
    max_model_len: count.describe("Tokens that prompt and answer may have together."),
    tokens: z.array(count),
    token_strs: z.array(z.string()).nullable().describe("With `return_token_strs`."),
  }),
);

export const detokenizeReplySchema = formOf<ReturnType<typeof toDetokenizeReply>>()(
  z.object({ prompt: z.string() }),
);

/** The rest is as its maker wrote it. */
export const tokenizerInfoReplySchema = z.looseObject({ model_max_length: count });

export const tokenCheckReplySchema = z.object({
  prompts: z.array(
    formOf<ReturnType<typeof toTokenCheck>>()(
      z.object({ fits: z.boolean(), tokenCount: count, contextLength: count }),
    ),
  ),
});

export const feedbackReplySchema = z.object({
  ...{ object: z.literal("feedback"), answer_id: z.string() },
  score: z.number().min(-1).max(1),
});
