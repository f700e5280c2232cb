import * as z from "zod";
import { conversationSchema } from "@/lib/adapters/conversation-record";
import { DATABASE_INTEGER_MAX, TOKEN_COUNT_MAX } from "@/lib/fleet-limits";
import { lineSchema } from "@/lib/protocol/well-formed-text";

/** What FastChat's workers say (fastchat/serve/base_model_worker.py), under their own names. */

const count = z.number().int().min(0).max(TOKEN_COUNT_MAX);

/** One object of `/worker_generate_stream`. */
export const chunkSchema = z.looseObject({
  /** All that was written so far, or what went wrong. */
  text: z.string(),
  error_code: z.number().int(),
  usage: z
    .looseObject({ prompt_tokens: count.nullish(), completion_tokens: count.nullish() })
    .nullish(),
  /** Null, and at some workers empty, until the last one. */
  finish_reason: z
    .string()
    .nullish()
    .transform((it) => it || null),
});

export const statusSchema = z.looseObject({
  model_names: z.array(lineSchema.min(1).max(256)).min(1).max(256),
  speed: z.number().nullish(),
  queue_length: count.nullish(),
});

export const modelDetailsSchema = z.looseObject({
  /** Tokenizers of Transformers say 1e30 where they know no length. */
  context_length: z
    .number()
    .min(1)
    .transform((it) => Math.min(Math.floor(it), DATABASE_INTEGER_MAX)),
});
export const tokenCountSchema = z.looseObject({ count, error_code: z.number().int().default(0) });
export const templateReplySchema = z.looseObject({ conv: conversationSchema });

/** Either vectors, or a number of what went wrong. */
export const embeddingsSchema = z.looseObject({
  embedding: z.array(z.array(z.number())).default([]),
  token_num: count.default(0),
  error_code: z.number().int().default(0),
});

/** What FastAPI tells of the worker's paths. */
export const openApiSchema = z.looseObject({ paths: z.record(z.string(), z.unknown()) });

export type WorkerStatus = z.infer<typeof statusSchema>;
export type Chunk = z.infer<typeof chunkSchema>;
