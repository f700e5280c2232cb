import * as z from "zod";
import type { OpenAiLogProbabilities } from "@/lib/openai/chat/log-probabilities";
import type { ChatReply } from "@/lib/openai/chat/reply";
import type { ChatChunk } from "@/lib/openai/chat/stream";
import type { CompletionReply } from "@/lib/openai/completions/reply";
import type { EmbeddingsReply } from "@/lib/openai/embeddings/reply";
import type { OpenAiError } from "@/lib/openai/error";
import type { WireRerankReply } from "@/lib/openai/rerank/rerank";
import type { OpenAiUsage } from "@/lib/openai/usage";
import { formOf } from "./reply-schema";

/** What answers OpenAI's clients. */

const count = z.number().int().min(0);
const text = z.string();
const created = count.describe("Unix time in seconds.");
const model = text.describe(
  "The model that answered, which an alias or a fallback list may choose.",
);

const usage = formOf<OpenAiUsage>()(
  z.object({
    ...{ prompt_tokens: count, completion_tokens: count, total_tokens: count },
    prompt_tokens_details: z.object({
      cached_tokens: count.describe("Of the prompt, found in the worker's cache."),
    }),
    completion_tokens_details: z
      .object({ reasoning_tokens: count.describe("What of the completion was reasoning.") })
      .optional(),
  }),
);

const token = z.object({ token: text, logprob: z.number(), bytes: z.array(count) });
const logprobs = formOf<OpenAiLogProbabilities>()(
  z.object({
    content: z.array(token.extend({ top_logprobs: z.array(token) })),
    refusal: z.null(),
  }),
).nullable();

const finish_reason = z.enum(["stop", "length", "tool_calls"]);
const system_fingerprint = text.describe(
  "Equal fingerprints, seeds and requests give equal texts.",
);
const reasoning_content = text.optional().describe("Reasoning, of models that tell it apart.");

export const chatReplySchema = formOf<ChatReply>()(
  z.object({
    ...{ id: text, object: z.literal("chat.completion"), created, model },
    choices: z.array(
      z.object({
        index: count,
        message: z.object({
          role: z.literal("assistant"),
          content: text.nullable().describe("Null when the answer is calls alone."),
          refusal: z.null(),
          tool_calls: z
            .array(
              z.object({
                ...{ id: text, type: z.literal("function") },
                function: z.object({ name: text, arguments: text.describe("JSON.") }),
              }),
            )
            .optional(),
          reasoning_content,
        }),
        ...{ logprobs, finish_reason },
      }),
    ),
    ...{ usage, system_fingerprint },
  }),
);

export const chatChunkSchema = formOf<ChatChunk>()(
  z.object({
    ...{ id: text, object: z.literal("chat.completion.chunk"), created, model },
    system_fingerprint,
    choices: z.array(
      z.object({
        index: count,
        delta: z.object({
          role: z.literal("assistant").optional(),
          content: text.optional(),
          refusal: z.null().optional(),
          reasoning_content,
          tool_calls: z
            .array(
              z.object({
                index: count,
                id: text.optional(),
                type: z.literal("function").optional(),
                function: z.object({ name: text.optional(), arguments: text }),
              }),
            )
            .optional()
            .describe("The first of a call names it; those after it add to its arguments."),
        }),
        ...{ logprobs, finish_reason: finish_reason.nullable() },
      }),
    ),
    usage: usage
      .nullish()
      .describe("With `stream_options.include_usage`: null in all chunks but the last."),
  }),
);

export const completionReplySchema = formOf<CompletionReply>()(
  z.object({
    ...{ id: text, object: z.literal("text_completion"), created, model, system_fingerprint },
    choices: z.array(
      z.object({
        ...{ index: count, text },
        logprobs: z
          .object({
            tokens: z.array(text),
            token_logprobs: z.array(z.number().nullable()),
            top_logprobs: z.array(z.record(z.string(), z.number()).nullable()),
            text_offset: z.array(count),
          })
          .nullable(),
        finish_reason: z.enum(["stop", "length"]).nullable(),
      }),
    ),
    usage: usage.nullish(),
  }),
);

const promptUsage = z.object({ prompt_tokens: count, total_tokens: count });

export const embeddingsReplySchema = formOf<EmbeddingsReply>()(
  z.object({
    object: z.literal("list"),
    data: z.array(
      z.object({
        ...{ object: z.literal("embedding"), index: count },
        embedding: z
          .union([z.array(z.number()), text])
          .describe("Numbers, or with `encoding_format: base64` their 32-bit floats."),
      }),
    ),
    ...{ model, usage: promptUsage },
  }),
);

export const rerankReplySchema = formOf<WireRerankReply>()(
  z.object({
    ...{ id: text, model },
    results: z
      .array(
        z.object({
          index: count.describe("Of the request's documents."),
          relevance_score: z.number().min(0).max(1),
          document: z.object({ text }).optional(),
        }),
      )
      .describe("Best first."),
    usage: promptUsage,
  }),
);

export const openAiErrorSchema = formOf<OpenAiError>()(
  z.object({
    error: z.object({
      message: text.describe("What happened and what to do."),
      type: text,
      param: text.nullable().describe("The field of the request at fault, as a dotted path."),
      code: text.nullable(),
    }),
  }),
);
