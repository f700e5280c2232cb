import * as z from "zod";
import { DATABASE_INTEGER_MAX } from "@/lib/fleet-limits";
import { lineSchema } from "@/lib/protocol/well-formed-text";

/**
 * What servers of OpenAI's wire answer with, as far as it is read here: chunks of streams and whole replies,
 * of chats and completions. Null stands for absent throughout, and a field of another shape than expected in
 * a place that does not matter (an id) is none.
 */

const count = z.number().int().min(0).nullish().catch(undefined);

/** Zero stands for one that nobody knows. */
const length = z.number().int().positive().max(DATABASE_INTEGER_MAX).nullish().catch(undefined);

const usageSchema = z.object({
  prompt_tokens: count,
  completion_tokens: count,
  prompt_tokens_details: z.object({ cached_tokens: count }).nullish().catch(undefined),
  /** DeepSeek's. */
  prompt_cache_hit_tokens: count,
});

/** A token and what was as likely; llama.cpp tells ids, vLLM spells them `token_id:7` where asked to. */
const scoreSchema = z.object({
  token: z.string(),
  logprob: z.number().nullable(),
  bytes: z.array(z.number().int().min(0).max(255)).nullish(),
  id: z.number().int().nullish(),
});

const chatScoresSchema = z.object({
  content: z
    .array(z.object({ ...scoreSchema.shape, top_logprobs: z.array(scoreSchema).nullish() }))
    .nullish(),
});

/** Four lists with an entry for each token. */
const completionScoresSchema = z.object({
  tokens: z.array(z.string()),
  token_logprobs: z.array(z.number().nullable()),
  top_logprobs: z.array(z.record(z.string(), z.number().nullable()).nullable()).nullish(),
});

export const callSchema = z.object({
  index: z.number().int().min(0).nullish(),
  id: z.string().nullish().catch(undefined),
  function: z
    .object({
      name: z.string().nullish(),
      /** Text as OpenAI has it; some servers send the object itself. */
      arguments: z.union([z.string(), z.record(z.string(), z.unknown())]).nullish(),
    })
    .nullish(),
});

const textsSchema = z.union([
  z.string(),
  z.array(z.looseObject({ text: z.string().nullish().catch(undefined) })),
]);

/** Mistral's: its reasoning models answer in parts, of which some are thoughts. */
const partSchema = z.looseObject({
  type: z.string().catch(""),
  text: z.string().nullish().catch(undefined),
  thinking: textsSchema.nullish().catch(undefined),
});

const deltaSchema = z.object({
  content: z.union([z.string(), z.array(partSchema)]).nullish(),
  refusal: z.string().nullish().catch(undefined),
  /** DeepSeek's name, which most took over, and OpenRouter's, which newer servers have. */
  reasoning_content: z.string().nullish(),
  reasoning: z.string().nullish().catch(undefined),
  tool_calls: z.array(callSchema).nullish(),
});

/** Some say of every chunk that it has no reason to end by an empty one. */
const reasonSchema = z
  .string()
  .nullish()
  .transform((reason) => (reason === "" || reason === "null" ? undefined : reason));

const stopSchema = z.union([z.string(), z.number()]).nullish().catch(undefined);

const choiceSchema = z.object({
  delta: deltaSchema.nullish(),
  /** Of a whole reply. */
  message: deltaSchema.nullish(),
  /** Of a completion. */
  text: z.string().nullish(),
  logprobs: z.union([completionScoresSchema, chatScoresSchema]).nullish(),
  finish_reason: reasonSchema,
  /** By which stop string or token it ended: vLLM's word, and SGLang's. */
  stop_reason: stopSchema,
  matched_stop: stopSchema,
  /** vLLM's, where asked for. */
  token_ids: z.array(z.number().int()).nullish().catch(undefined),
  prompt_token_ids: z.array(z.number().int()).nullish().catch(undefined),
});

export const chunkSchema = z.object({
  choices: z.array(choiceSchema).nullish(),
  usage: usageSchema.nullish(),
  error: z.unknown().optional(),
  /** "error" of vLLM's, of versions that had the error's fields in the chunk itself. */
  object: z.string().nullish().catch(undefined),
});

const listedSchema = z.looseObject({
  /** As cards of workers take it. */
  id: lineSchema.min(1).max(256),
  owned_by: z.string().nullish().catch(undefined),
  root: z.string().nullish().catch(undefined),
  max_model_len: length,
  context_length: length,
  alias_of: z.array(z.string()).nullish().catch(undefined),
});

/** OpenAI's form; Together's, which is the list itself; that of an Ollama without models, which is null. */
export const modelListSchema = z
  .union([z.array(z.unknown()), z.object({ data: z.array(z.unknown()).nullable() })])
  .transform((list) => {
    const data = new Map<string, z.infer<typeof listedSchema>>();
    for (const entry of (Array.isArray(list) ? list : list.data) ?? []) {
      const listed = listedSchema.safeParse(entry);
      // One that cannot be named here costs none of the others; of two of one name the first counts.
      if (listed.success && !data.has(listed.data.id)) data.set(listed.data.id, listed.data);
    }
    return { data: [...data.values()] };
  });

export const embeddingsSchema = z.object({
  data: z.array(
    z.object({ index: z.number().int().min(0).nullish(), embedding: z.array(z.number()) }),
  ),
  usage: usageSchema.nullish(),
});

/** What a delta, or a whole message, says. A refusal is what OpenAI's models answer instead of content. */
export function readDelta(delta: Delta): { reasoning: string; text: string } {
  const reasoning = delta.reasoning_content || delta.reasoning || "";
  const { content } = delta;
  if (!Array.isArray(content)) return { reasoning, text: content || delta.refusal || "" };
  const thoughts = content.map(({ thinking }) => joinTexts(thinking));
  const texts = content.map(({ type, text }) => (type === "text" ? (text ?? "") : ""));
  return { reasoning: reasoning + thoughts.join(""), text: texts.join("") };
}

function joinTexts(texts: z.infer<typeof textsSchema> | null | undefined): string {
  return Array.isArray(texts) ? texts.map(({ text }) => text ?? "").join("") : (texts ?? "");
}

export type Delta = z.infer<typeof deltaSchema>;
export type Chunk = z.infer<typeof chunkSchema>;
export type Choice = z.infer<typeof choiceSchema>;
export type CallDelta = z.infer<typeof callSchema>;
export type Usage = z.infer<typeof usageSchema>;
export type Scores = NonNullable<Choice["logprobs"]>;
export type ChatScores = z.infer<typeof chatScoresSchema>;
export type CompletionScores = z.infer<typeof completionScoresSchema>;
export type ListedModel = z.infer<typeof listedSchema>;
