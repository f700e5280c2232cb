import * as z from "zod";
import { REPETITION_PENALTY_MAX } from "@/lib/limits";
import { readJson } from "./json-file";

const endTokenSchema = z.union([z.number().int(), z.array(z.number().int())]).nullish();
const sizeSchema = z.number().int().positive().nullish();

/** What says how far attention looks back is no reason to refuse a model when it says something else. */
const windowSchema = z.number().int().positive().optional().catch(undefined);

const configSchema = z.looseObject({
  /** The architecture's name. */
  model_type: z.string().nullish(),
  max_position_embeddings: sizeSchema,
  /** Other families' names for the same. */
  ...{ n_positions: sizeSchema, n_ctx: sizeSchema, max_sequence_length: sizeSchema },
  ...{ max_seq_len: sizeSchema, seq_length: sizeSchema },
  eos_token_id: endTokenSchema,
  hidden_size: sizeSchema,
  head_dim: sizeSchema,
  num_attention_heads: sizeSchema,
  num_key_value_heads: sizeSchema,
  /** How far attention looks back, in tokens, under the names that families have for it. */
  ...{ sliding_window: windowSchema, attention_chunk_size: windowSchema },
  ...{ sliding_window_size: windowSchema, attention_window_size: windowSchema },
  window_size: windowSchema,
  use_sliding_window: z.boolean().nullish().catch(undefined),
  /** One word a layer, such as `full_attention` and `sliding_attention`. */
  layer_types: z.array(z.string()).optional().catch(undefined),
  /** GPT-2's names for two of these. */
  ...{ n_embd: sizeSchema, n_head: sizeSchema },
});

/** Families that read more than text keep what is said of the decoder under a name of its own. */
const modelConfigSchema = configSchema.extend({ text_config: configSchema.nullish() });

export const generationConfigSchema = z.looseObject({
  eos_token_id: endTokenSchema,
  do_sample: z.boolean().nullish(),
  temperature: z.number().min(0).nullish(),
  top_p: z.number().gt(0).max(1).nullish(),
  top_k: z.number().int().min(0).nullish(),
  min_p: z.number().min(0).lt(1).nullish(),
  /** As far as the protocol takes it from a request. */
  repetition_penalty: z.number().gt(0).max(REPETITION_PENALTY_MAX).nullish(),
});

export type ModelConfig = z.infer<typeof configSchema>;
export type GenerationConfig = z.infer<typeof generationConfigSchema>;

/**
 * config.json.
 *
 * @throws StartError with its path when it is missing or says what nobody can mean.
 */
export async function readModelConfig(root: string): Promise<ModelConfig> {
  const { text_config: ofText, ...config } = await readJson(root, "config.json", modelConfigSchema);
  return { ...config, ...ofText };
}

/** Tokens the model was trained to read, under whichever name it has. */
export function findContextLength(config: ModelConfig): number | undefined {
  const { max_position_embeddings, n_positions, n_ctx } = config;
  const { max_sequence_length, max_seq_len, seq_length } = config;
  const named = [max_position_embeddings, n_positions, n_ctx, max_sequence_length, max_seq_len];
  return [...named, seq_length].find((it) => it != null) ?? undefined;
}

/** Tokens that attention looks back in layers that do not look back all, if config.json has such layers. */
export function findWindow(config: ModelConfig): number | undefined {
  const { layer_types: layers, use_sliding_window: isUsed } = config;
  if (layers?.every((it) => it === "full_attention")) return undefined;
  const slides = isUsed === false ? undefined : config.sliding_window;
  const others = [config.sliding_window_size, config.attention_window_size, config.window_size];
  const windows = [slides, config.attention_chunk_size, ...others].filter((it) => it !== undefined);
  return windows.length > 0 ? Math.min(...windows) : undefined;
}
