import * as z from "zod";
import { TOKEN_COUNT_MAX } from "@/lib/fleet-limits";
import { EMBED_INPUTS_MAX, RERANK_DOCUMENTS_MAX } from "@/lib/limits";
import { toolRequestSchema } from "./answer-shape";
import { reasoningFields } from "./generate-request";
import { messagesSchema } from "./message";

/** Text ↔ tokens ↔ vectors: the calls beside generation. */

const model = z.string().min(1).max(256);

/** Of tokens; see generate-event.ts. */
const count = z.number().int().min(0).max(TOKEN_COUNT_MAX);

const requestId = z.string().min(1).max(128);
const tokenIds = z.array(z.number().int().min(0).max(999_999_999)).min(1);

/**
 * What becomes of a text that is longer than the model reads: it is refused, cut at its end, or read in
 * pieces whose vectors are averaged by their length.
 */
export const overflowSchema = z.enum(["refuse", "truncate", "average"]);

export const embedRequestSchema = z.strictObject({
  requestId,
  model,
  /** Texts, or the ids of texts as they are. */
  inputs: z
    .array(z.union([z.string().min(1), tokenIds]))
    .min(1)
    .max(EMBED_INPUTS_MAX),
  /** Absent: refuse. */
  overflow: overflowSchema.optional(),
});
export const embedReplySchema = z.object({
  /** One unit-length vector an input. */
  embeddings: z.array(z.array(z.number())),
  promptTokens: count,
});

/** How well each document answers the query, by a model that reads both together. */
export const rerankRequestSchema = z.strictObject({
  requestId,
  model,
  query: z.string().min(1),
  documents: z.array(z.string().min(1)).min(1).max(RERANK_DOCUMENTS_MAX),
  /** Of the documents; a query is never cut. Absent: truncate. */
  overflow: z.enum(["refuse", "truncate"]).optional(),
});
export const rerankReplySchema = z.object({
  /** One a document, in their order: 0 (not at all) to 1. */
  scores: z.array(z.number().min(0).max(1)),
  promptTokens: count,
});

export const classifyRequestSchema = z.strictObject({
  requestId,
  model,
  inputs: z.array(z.string().min(1)).min(1).max(EMBED_INPUTS_MAX),
  /** Absent: refuse. */
  overflow: z.enum(["refuse", "truncate"]).optional(),
});
export const classifyReplySchema = z.object({
  /** For each input the labels of the model, the likeliest first. */
  results: z.array(z.array(z.object({ label: z.string(), score: z.number().min(0).max(1) }))),
  promptTokens: count,
});

/** The tokens under the names that the vocabulary has for them, too. */
const returnNames = z.boolean().optional();

/**
 * Either plain text, or messages as the model's chat template renders them, along with whatever else of
 * a request it writes into the prompt.
 */
export const tokenizeRequestSchema = z.union([
  z.strictObject({
    /** The spelling of a control token alone is that token; within a text it is characters like others. */
    text: z.string(),
    ...{ model, returnNames },
    /** Those that the tokenizer's own rule puts around a text; absent: at a model that reads, yes, at one that writes, no. */
    addSpecialTokens: z.boolean().optional(),
  }),
  z.strictObject({
    ...{ model, messages: messagesSchema, returnNames },
    toolRequest: toolRequestSchema.optional(),
    ...reasoningFields,
    /** The prompt ends where the assistant begins to speak; absent: yes. */
    addGenerationPrompt: z.boolean().optional(),
  }),
]);
export const tokenizeReplySchema = z.object({
  ids: z.array(z.number().int().min(0)),
  contextLength: z.number().int().min(0),
  names: z.array(z.string()).optional(),
});

export const detokenizeRequestSchema = z.strictObject({
  model,
  ids: z.array(z.number().int().min(0)),
});
export const detokenizeReplySchema = z.object({ text: z.string() });

export const tokenizerInfoRequestSchema = z.strictObject({ model });
export const tokenizerInfoReplySchema = z.object({
  /** What the model's tokenizer files say under their own names (tokenizer_config.json). */
  config: z.record(z.string(), z.unknown()),
  contextLength: z.number().int().min(0),
});

export type EmbedRequest = z.infer<typeof embedRequestSchema>;
export type Overflow = z.infer<typeof overflowSchema>;
export type RerankRequest = z.infer<typeof rerankRequestSchema>;
export type RerankReply = z.infer<typeof rerankReplySchema>;
export type ClassifyRequest = z.infer<typeof classifyRequestSchema>;
export type ClassifyReply = z.infer<typeof classifyReplySchema>;
export type EmbedReply = z.infer<typeof embedReplySchema>;
export type TokenizeRequest = z.infer<typeof tokenizeRequestSchema>;
export type TokenizeReply = z.infer<typeof tokenizeReplySchema>;
export type DetokenizeRequest = z.infer<typeof detokenizeRequestSchema>;
export type TokenizerInfoRequest = z.infer<typeof tokenizerInfoRequestSchema>;
export type TokenizerInfoReply = z.infer<typeof tokenizerInfoReplySchema>;
export type DetokenizeReply = z.infer<typeof detokenizeReplySchema>;
