import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { encodeModel } from "../onnx/onnx-model";
import { ENCODER_PRESETS, type EncoderDimensions, type EncoderPreset } from "./encoder-dimensions";
import { type EncoderForm, EncoderGraph, type EncoderHead } from "./encoder-graph";
import {
  createWordPieces,
  type EncoderFamily,
  toWordPieceConfig,
  toWordPieceTokenizer,
} from "./encoder-tokenizer-files";
import { GraphBuilder } from "./graph-builder";
import { toGraphFile } from "./weight-form";

/** Encoders with random weights, for tests and measurements, in the hub's layout. */
export type SyntheticEncoderOptions = {
  /** Made if it is absent. */
  folder: string;
  preset?: EncoderPreset;
  dimensions?: Partial<EncoderDimensions>;
  family?: EncoderFamily;
  head?: EncoderHead;
  form?: EncoderForm;
  seed?: number;
  /** Names of a classifier's labels; unless given, LABEL_0 and so on. */
  labels?: readonly string[];
  /** Entries of config.json besides, or instead. */
  config?: Record<string, unknown>;
  /** Further files, by their path in the folder: `modules.json` and what it names. */
  files?: Record<string, unknown>;
};

export type SyntheticEncoder = { folder: string; dimensions: EncoderDimensions; pieces: string[] };

const BESIDE_WEIGHTS_MIN = 1 << 24;

export async function writeSyntheticEncoder(
  options: SyntheticEncoderOptions,
): Promise<SyntheticEncoder> {
  const { folder, preset = "tiny", family = "bert", form = "fp32", seed = 0 } = options;
  const { head = { kind: "tokens" } } = options;
  const dimensions: EncoderDimensions = { ...ENCODER_PRESETS[preset], ...options.dimensions };
  if (dimensions.hiddenSize % dimensions.headCount !== 0) {
    throw new Error("headCount must divide hiddenSize");
  }
  const pieces = createWordPieces(family, dimensions);
  await mkdir(join(folder, "onnx"), { recursive: true });
  const graphFile = toGraphFile(form);
  const path = join(folder, "onnx", graphFile);
  const { layerCount, hiddenSize, innerSize, vocabularySize } = dimensions;
  const perLayer = 4 * hiddenSize ** 2 + 2 * hiddenSize * innerSize;
  const isBeside = layerCount * perLayer + vocabularySize * hiddenSize > BESIDE_WEIGHTS_MIN;
  const graph = await GraphBuilder.create(
    isBeside ? { path: `${path}_data`, name: `${graphFile}_data` } : undefined,
  );
  try {
    const encoder = new EncoderGraph(graph, { dimensions, family, head, form, seed });
    await writeFile(path, encodeModel(await encoder.build()));
  } finally {
    await graph.close();
  }
  const files = {
    "config.json": { ...toConfig(options, { dimensions, family, head }), ...options.config },
    "tokenizer.json": toWordPieceTokenizer(family, pieces),
    "tokenizer_config.json": toWordPieceConfig(family, dimensions.contextLength),
    ...options.files,
  };
  for (const [name, content] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), JSON.stringify(content));
  }
  return { folder, dimensions, pieces };
}

type Shape = { dimensions: EncoderDimensions; family: EncoderFamily; head: EncoderHead };

function toConfig(
  { labels }: SyntheticEncoderOptions,
  { dimensions, family, head }: Shape,
): Record<string, unknown> {
  const isBert = family === "bert";
  const name = isBert ? "Bert" : "Roberta";
  const labelCount = head.kind === "classifier" ? head.labelCount : 0;
  const toLabel = (index: number) => labels?.[index] ?? `LABEL_${index}`;
  const entries = Array.from({ length: labelCount }, (_, index) => [index, toLabel(index)]);
  return {
    architectures: [`${name}${labelCount > 0 ? "ForSequenceClassification" : "Model"}`],
    model_type: isBert ? "bert" : "roberta",
    vocab_size: dimensions.vocabularySize,
    hidden_size: dimensions.hiddenSize,
    intermediate_size: dimensions.innerSize,
    num_hidden_layers: dimensions.layerCount,
    num_attention_heads: dimensions.headCount,
    hidden_act: "gelu",
    // RoBERTa's table has the padding's row and the one before it as well.
    max_position_embeddings: dimensions.contextLength + (isBert ? 0 : 2),
    layer_norm_eps: dimensions.normEpsilon,
    type_vocab_size: isBert ? 2 : 1,
    pad_token_id: isBert ? 0 : 1,
    ...(labelCount > 0 ? { id2label: Object.fromEntries(entries) } : {}),
  };
}
