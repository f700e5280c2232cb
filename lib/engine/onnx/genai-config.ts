import { isAbsolute, join } from "node:path";
import * as z from "zod";
import { StartError } from "@/lib/util/start-error";
import { readIfPresent, readJson } from "./json-file";
import { type GenerationConfig, generationConfigSchema, type ModelConfig } from "./model-config";

/**
 * genai_config.json, which onnxruntime-genai's model builder writes beside `model.onnx` in place of what
 * the hub's layout says in config.json, generation_config.json and in the names of folders.
 */
export type GenaiConfig = {
  config: ModelConfig;
  generationConfig: GenerationConfig;
  /** The graph's file, beside the configuration. */
  graphFile: string;
  /** Whether the configuration names it, and it is not only the usual name. */
  isGraphNamed: boolean;
  /** What the graph calls its inputs and outputs, and what it would call them on the hub; only where they differ. */
  tensorNames: ReadonlyMap<string, string>;
};

const FILE = "genai_config.json";

/** Each has names to fill in; deeper models by far than any there is. */
const LAYERS_MAX = 4_096;

const sizeSchema = z.number().int().positive().nullish();
const patternSchema = z.string().includes("%d").nullish();
const nameSchema = z.string().min(1).nullish();

const genaiSchema = z.looseObject({
  model: z.looseObject({
    type: z.string().nullish(),
    context_length: sizeSchema,
    eos_token_id: generationConfigSchema.shape.eos_token_id,
    decoder: z.looseObject({
      filename: z.string().min(1).nullish(),
      head_size: sizeSchema,
      hidden_size: sizeSchema,
      num_attention_heads: sizeSchema,
      num_key_value_heads: sizeSchema,
      num_hidden_layers: z.number().int().positive().max(LAYERS_MAX).nullish(),
      sliding_window: z.unknown().optional(),
      pipeline: z.unknown().optional(),
      inputs: z
        .looseObject({
          ...{ input_ids: nameSchema, attention_mask: nameSchema, position_ids: nameSchema },
          ...{ past_key_names: patternSchema, past_value_names: patternSchema },
        })
        .nullish(),
      outputs: z
        .looseObject({
          ...{ logits: nameSchema, hidden_states: nameSchema },
          ...{ present_key_names: patternSchema, present_value_names: patternSchema },
        })
        .nullish(),
    }),
  }),
  search: generationConfigSchema.omit({ eos_token_id: true }).nullish(),
});

type Genai = z.infer<typeof genaiSchema>;

/** Parts that a decoder of text alone does not have. */
const OTHER_PARTS = ["encoder", "encoder_decoder_init", "vision", "speech", "embedding"] as const;

/**
 * Reads the file; undefined when there is none.
 *
 * @throws StartError when it is broken, or describes more than one decoder of text.
 */
export async function readGenaiConfig(root: string): Promise<GenaiConfig | undefined> {
  if ((await readIfPresent(join(root, FILE))) === undefined) return undefined;
  const genai = await readJson(root, FILE, genaiSchema);
  const complaint = explainRefusal(genai);
  if (complaint !== undefined) throw refuse(root, complaint);
  const { model, search } = genai;
  const { decoder } = model;
  const graphFile = decoder.filename ?? "model.onnx";
  // A name that leads out of the folder would open any file of the operator's as a graph.
  if (isAbsolute(graphFile) || /[\\/]/.test(graphFile)) {
    throw refuse(root, `model.decoder.filename leads out of the folder (${graphFile})`);
  }
  return {
    config: {
      max_position_embeddings: model.context_length,
      eos_token_id: model.eos_token_id,
      hidden_size: decoder.hidden_size,
      head_dim: decoder.head_size,
      num_attention_heads: decoder.num_attention_heads,
      num_key_value_heads: decoder.num_key_value_heads,
    },
    generationConfig: { ...search },
    graphFile,
    isGraphNamed: decoder.filename != null,
    tensorNames: listTensorNames(decoder),
  };
}

function explainRefusal({ model }: Genai): string | undefined {
  const part = OTHER_PARTS.find((it) => model[it] != null);
  if (part) return `it has a part model.${part}, and only decoders of text are served`;
  if (model.decoder.pipeline != null) {
    return "its decoder is a pipeline of several graphs (model.decoder.pipeline)";
  }
  if (model.decoder.sliding_window != null) {
    return "its runtime slides a window over the cache (model.decoder.sliding_window)";
  }
  return undefined;
}

function listTensorNames({
  inputs,
  outputs,
  num_hidden_layers: layers,
}: Genai["model"]["decoder"]) {
  const names = new Map<string, string>();
  const note = (name: string | null | undefined, usual: string) => {
    if (name != null && name !== usual) names.set(name, usual);
  };
  note(inputs?.input_ids, "input_ids");
  note(inputs?.attention_mask, "attention_mask");
  note(inputs?.position_ids, "position_ids");
  note(outputs?.logits, "logits");
  for (let layer = 0; layer < (layers ?? 0); layer++) {
    const fill = (pattern: string | null | undefined) => pattern?.replace("%d", `${layer}`);
    note(fill(inputs?.past_key_names), `past_key_values.${layer}.key`);
    note(fill(inputs?.past_value_names), `past_key_values.${layer}.value`);
    note(fill(outputs?.present_key_names), `present.${layer}.key`);
    note(fill(outputs?.present_value_names), `present.${layer}.value`);
  }
  return names;
}

function refuse(root: string, complaint: string): StartError {
  return new StartError({
    message: `${join(root, FILE)} describes what cannot be served: ${complaint}.`,
    remedy:
      "Take the export of a text model with one decoder graph (model builder, precision int4 or fp32, for CPU).",
  });
}
