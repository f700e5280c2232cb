import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { encodeModel } from "../onnx/onnx-model";
import { AdapterWeights, type AdapterWeightsOptions, MergedWeights } from "./adapter-weights";
import { DecoderGraph, type Flaws } from "./decoder-graph";
import { checkDimensions, type ModelDimensions, PRESETS, type Preset } from "./dimensions";
import {
  type FolderLayout,
  isGenai,
  layOutGraph,
  placeGraph,
  toGenaiConfig,
} from "./folder-layout";
import { GraphBuilder } from "./graph-builder";
import type { GrowingForm } from "./growing-attention";
import { LOGIT_SCALE, ModelWeights } from "./model-weights";
import { createVocabulary, toTokenizerConfig, toTokenizerJson } from "./tokenizer-files";
import { toGraphFile, type WeightForm } from "./weight-form";

/**
 * Models with random weights, for tests and measurements. Nothing that serves people imports this
 * folder. What such a model says means nothing; what it costs and how it goes wrong is that of a
 * trained model of the same dimensions.
 */
export type SyntheticModelOptions = {
  /** Made if it is absent. Several forms can be written into one folder. */
  folder: string;
  /** A preset, or sizes of one's own, or a preset with some sizes changed. */
  preset?: Preset;
  dimensions?: Partial<ModelDimensions>;
  /** The same seed gives the same fp32 weights in every form. */
  seed?: number;
  form?: WeightForm;
  /** Form of the head, and of a tied embedding, where it differs from the layers'. */
  headForm?: WeightForm;
  /** Standard deviation of the logits, about; 4 is as decided as a trained model. */
  logitScale?: number;
  withHiddenState?: boolean;
  /** Attention in plain operators over a cache that grows, as Optimum exports it; `{}` for its defaults. */
  growing?: GrowingForm;
  /** Where the files lie; as on the hub unless told. */
  layout?: FolderLayout;
  /** Every product of the layers can be corrected by an adapter (`write-synthetic-adapter.ts`). */
  takesAdapters?: boolean;
  /** An adapter to work into the weights themselves. */
  merged?: Omit<AdapterWeightsOptions, "dimensions">;
  /** Weights in a file beside the graph; unless told, from 64 MiB on. */
  weightsBeside?: boolean;
  flaws?: Flaws;
};

export type SyntheticModel = {
  folder: string;
  dimensions: ModelDimensions;
  /** Name within `onnx/`, or at the root where the layout has no such folder. */
  graphFile: string;
};

const BESIDE_WEIGHTS_MIN = 1 << 24;

/**
 * Writes a model folder in the hub's layout.
 *
 * @throws Error when the dimensions contradict each other.
 */
export async function writeSyntheticModel(options: SyntheticModelOptions): Promise<SyntheticModel> {
  const { folder, form = "fp32", headForm = form, seed = 0, flaws = {} } = options;
  const dimensions = toDimensions(options);
  const { merged, takesAdapters = false, logitScale = LOGIT_SCALE } = options;
  const weights = merged
    ? new MergedWeights(
        { dimensions, seed, logitScale },
        new AdapterWeights({ ...merged, dimensions }),
      )
    : new ModelWeights({ dimensions, seed, logitScale });
  const { layout = "hub" } = options;
  const place = placeGraph(folder, toGraphFile(form), layout);
  const { graphFile, weightsFile } = place;
  await mkdir(place.folder, { recursive: true });
  const isBeside = options.weightsBeside ?? countWeights(dimensions) > BESIDE_WEIGHTS_MIN;
  const graph = await GraphBuilder.create(
    isBeside ? { path: join(place.folder, weightsFile), name: weightsFile } : undefined,
  );
  try {
    const withHiddenState = options.withHiddenState ?? false;
    const { growing } = options;
    const decoder = new DecoderGraph(graph, {
      ...{ weights, form, headForm, withHiddenState, growing, takesAdapters, flaws },
    });
    const model = layOutGraph(await decoder.build(), layout);
    await writeFile(join(place.folder, graphFile), encodeModel(model));
  } finally {
    await graph.close();
  }
  await writeTexts(folder, dimensions, options);
  return { folder, dimensions, graphFile };
}

/** The sizes that the options mean, checked. */
export function toDimensions({
  preset = "tiny",
  dimensions: changes,
}: Pick<SyntheticModelOptions, "preset" | "dimensions">): ModelDimensions {
  const dimensions: ModelDimensions = { ...PRESETS[preset], ...changes };
  checkDimensions(dimensions);
  return dimensions;
}

/** Weights of all matrices, a tied one counted once. */
export function countWeights(dimensions: ModelDimensions): number {
  const { hiddenSize, headCount, kvHeadCount, headSize, innerSize } = dimensions;
  const attention = 2 * (headCount + kvHeadCount) * headSize * hiddenSize;
  const ends = (dimensions.isTied ? 1 : 2) * dimensions.vocabularySize * hiddenSize;
  return dimensions.layerCount * (attention + 3 * hiddenSize * innerSize) + ends;
}

async function writeTexts(
  folder: string,
  dimensions: ModelDimensions,
  { layout = "hub", growing }: SyntheticModelOptions,
): Promise<void> {
  const vocabulary = createVocabulary(dimensions);
  const endTokenIds = [vocabulary.endTokenId, vocabulary.padTokenId];
  const takesPositionIds = growing !== undefined && (growing.positions ?? "input") === "input";
  const configs = isGenai(layout)
    ? { "genai_config.json": toGenaiConfig(dimensions, { layout, endTokenIds, takesPositionIds }) }
    : {
        "config.json": toConfig(dimensions, vocabulary.endTokenId),
        "generation_config.json": { eos_token_id: endTokenIds },
      };
  const files = {
    ...configs,
    "tokenizer.json": toTokenizerJson(vocabulary),
    "tokenizer_config.json": toTokenizerConfig(vocabulary, dimensions),
  };
  for (const [name, content] of Object.entries(files)) {
    await writeFile(join(folder, name), JSON.stringify(content));
  }
}

function toConfig(dimensions: ModelDimensions, endTokenId: number): object {
  const isQwen = dimensions.qkvBias;
  return {
    architectures: [isQwen ? "Qwen2ForCausalLM" : "LlamaForCausalLM"],
    model_type: isQwen ? "qwen2" : "llama",
    vocab_size: dimensions.vocabularySize,
    hidden_size: dimensions.hiddenSize,
    intermediate_size: dimensions.innerSize,
    num_hidden_layers: dimensions.layerCount,
    num_attention_heads: dimensions.headCount,
    num_key_value_heads: dimensions.kvHeadCount,
    head_dim: dimensions.headSize,
    hidden_act: "silu",
    max_position_embeddings: dimensions.contextLength,
    rms_norm_eps: dimensions.normEpsilon,
    rope_theta: dimensions.ropeTheta,
    tie_word_embeddings: dimensions.isTied,
    bos_token_id: null,
    eos_token_id: endTokenId,
  };
}
