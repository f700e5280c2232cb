import { type FileHandle, mkdir, open } from "node:fs/promises";
import { dirname } from "node:path";
import { assert } from "@/lib/util/assert";
import type { ModelDimensions } from "./dimensions";
import { encodeWeights, GGUF_TYPES, type GgufType } from "./gguf-blocks";
import {
  encodeGgufHeader,
  GGUF_ALIGNMENT,
  type GgufTensorInfo,
  type GgufValue,
} from "./gguf-header";
import { writeWhole } from "./graph-builder";
import {
  chunksOf,
  LOGIT_SCALE,
  ModelWeights,
  type VectorName,
  type WeightMatrix,
} from "./model-weights";
import { CHAT_TEMPLATE, createVocabulary } from "./tokenizer-files";
import { type SyntheticModelOptions, toDimensions } from "./write-synthetic-model";

export type GgufOptions = Pick<
  SyntheticModelOptions,
  "preset" | "dimensions" | "seed" | "logitScale"
> & {
  path: string;
  /** Of every matrix, the embedding included; vectors are F32. */
  type: GgufType;
};

type GgufTensor = { name: string; matrix?: WeightMatrix; vector?: Float32Array };

/**
 * Writes the model that `writeSyntheticModel` writes for the same dimensions and seed as a GGUF file,
 * for llama.cpp to be measured on. All matrices have the one type that is asked for: what
 * llama.cpp's own converter calls Q4_0 keeps a tied embedding in Q6_K, which is more to read for each
 * token, so that ours is the faster peer.
 *
 * @throws Error when a row is not a whole number of blocks.
 */
export async function writeGguf(options: GgufOptions): Promise<void> {
  const { path, type, seed = 0, logitScale = LOGIT_SCALE } = options;
  const dimensions = toDimensions(options);
  const weights = new ModelWeights({ dimensions, seed, logitScale });
  const tensors = listTensors(weights);
  const infos = placeTensors(tensors, type);
  await mkdir(dirname(path), { recursive: true });
  const file = await open(path, "w");
  try {
    const header = encodeGgufHeader(createMetadata(dimensions, type), infos);
    await writeWhole(file, header, 0);
    for (const [index, tensor] of tensors.entries()) {
      const offset = header.length + (infos[index]?.offset ?? 0);
      await writeTensor(file, { tensor, type, offset });
    }
    // The last tensor is padded like the others.
    await file.truncate(header.length + endOf(infos.at(-1), tensors.at(-1), type));
  } finally {
    await file.close();
  }
}

function listTensors(weights: ModelWeights): GgufTensor[] {
  const { layerCount, qkvBias, isTied, headSize } = weights.dimensions;
  const isInterleaved = !qkvBias;
  const rotated = (matrix: WeightMatrix) =>
    isInterleaved ? toInterleavedRows(matrix, headSize) : matrix;
  const vector = (name: string, of: VectorName) => ({ name, vector: weights.vector(of) });
  const tensors: GgufTensor[] = [
    { name: "token_embd.weight", matrix: weights.matrix("embedding") },
    vector("output_norm.weight", "finalNorm"),
  ];
  // Without it llama.cpp takes the embedding for the head.
  if (!isTied) tensors.push({ name: "output.weight", matrix: weights.matrix("head") });
  for (let layer = 0; layer < layerCount; layer++) {
    const ours = `layers.${layer}` as const;
    const theirs = `blk.${layer}`;
    tensors.push(
      vector(`${theirs}.attn_norm.weight`, `${ours}.attentionNorm`),
      { name: `${theirs}.attn_q.weight`, matrix: rotated(weights.matrix(`${ours}.query`)) },
      { name: `${theirs}.attn_k.weight`, matrix: rotated(weights.matrix(`${ours}.key`)) },
      { name: `${theirs}.attn_v.weight`, matrix: weights.matrix(`${ours}.value`) },
      { name: `${theirs}.attn_output.weight`, matrix: weights.matrix(`${ours}.output`) },
      vector(`${theirs}.ffn_norm.weight`, `${ours}.feedForwardNorm`),
      { name: `${theirs}.ffn_gate.weight`, matrix: weights.matrix(`${ours}.gate`) },
      { name: `${theirs}.ffn_up.weight`, matrix: weights.matrix(`${ours}.up`) },
      { name: `${theirs}.ffn_down.weight`, matrix: weights.matrix(`${ours}.down`) },
    );
    if (!qkvBias) continue;
    tensors.push(
      vector(`${theirs}.attn_q.bias`, `${ours}.queryBias`),
      vector(`${theirs}.attn_k.bias`, `${ours}.keyBias`),
      vector(`${theirs}.attn_v.bias`, `${ours}.valueBias`),
    );
  }
  return tensors;
}

/**
 * llama.cpp turns neighbouring rows of a head (0 with 1, 2 with 3) in its `llama` architecture, where
 * the graph and the `qwen2` architecture turn row `i` with row `i + headSize / 2`. Sorting the rows
 * makes both compute the same; it is what llama.cpp's converter does to the hub's files.
 */
function toInterleavedRows(matrix: WeightMatrix, headSize: number): WeightMatrix {
  const { rows, columns } = matrix;
  const half = headSize / 2;
  return {
    ...matrix,
    fill(target, firstRow) {
      const row = new Float32Array(columns);
      for (let offset = 0; offset < target.length; offset += columns) {
        const index = firstRow + offset / columns;
        const within = index % headSize;
        const source = index - within + Math.floor(within / 2) + (within % 2) * half;
        assert(source < rows, "rows change places within a head");
        matrix.fill(row, source);
        target.set(row, offset);
      }
    },
  };
}

function placeTensors(tensors: GgufTensor[], type: GgufType): GgufTensorInfo[] {
  const infos: GgufTensorInfo[] = [];
  let offset = 0;
  for (const tensor of tensors) {
    const { name, matrix, vector } = tensor;
    const { blockSize, id } = GGUF_TYPES[type];
    if (matrix && matrix.columns % blockSize !== 0) {
      throw new Error(`${name}: rows of ${matrix.columns} weights are no blocks of ${blockSize}`);
    }
    const dims = matrix ? [matrix.columns, matrix.rows] : [vector?.length ?? 0];
    const info = { name, dims, typeId: matrix ? id : GGUF_TYPES.F32.id, offset };
    infos.push(info);
    offset = endOf(info, tensor, type);
  }
  return infos;
}

/** Where the next tensor begins. */
function endOf(
  info: GgufTensorInfo | undefined,
  tensor: GgufTensor | undefined,
  type: GgufType,
): number {
  assert(info !== undefined && tensor !== undefined, "a file has tensors");
  const { blockSize, blockBytes } = GGUF_TYPES[tensor.matrix ? type : "F32"];
  const size = info.dims.reduce((product, it) => product * it, 1);
  const end = info.offset + (size / blockSize) * blockBytes;
  return Math.ceil(end / GGUF_ALIGNMENT) * GGUF_ALIGNMENT;
}

async function writeTensor(
  file: FileHandle,
  { tensor, type, offset }: { tensor: GgufTensor; type: GgufType; offset: number },
): Promise<void> {
  const { matrix, vector } = tensor;
  if (vector) return writeWhole(file, encodeWeights(vector, "F32"), offset);
  assert(matrix !== undefined, "a tensor is a matrix or a vector");
  let place = offset;
  for (const chunk of chunksOf(matrix)) {
    const bytes = encodeWeights(chunk, type);
    await writeWhole(file, bytes, place);
    place += bytes.length;
  }
}

function createMetadata(dimensions: ModelDimensions, type: GgufType): Map<string, GgufValue> {
  const architecture = dimensions.qkvBias ? "qwen2" : "llama";
  const vocabulary = createVocabulary(dimensions);
  const isControl = new Set(vocabulary.controlIds);
  const number = (value: number): GgufValue => ({ type: "uint32", value });
  const real = (value: number): GgufValue => ({ type: "float32", value });
  const text = (value: string): GgufValue => ({ type: "string", value });
  const sizes: Record<string, GgufValue> = {
    context_length: number(dimensions.contextLength),
    embedding_length: number(dimensions.hiddenSize),
    block_count: number(dimensions.layerCount),
    feed_forward_length: number(dimensions.innerSize),
    "attention.head_count": number(dimensions.headCount),
    "attention.head_count_kv": number(dimensions.kvHeadCount),
    "attention.key_length": number(dimensions.headSize),
    "attention.value_length": number(dimensions.headSize),
    "attention.layer_norm_rms_epsilon": real(dimensions.normEpsilon),
    "rope.freq_base": real(dimensions.ropeTheta),
    "rope.dimension_count": number(dimensions.headSize),
    vocab_size: number(dimensions.vocabularySize),
  };
  return new Map<string, GgufValue>([
    ["general.architecture", text(architecture)],
    ["general.name", text("synthetic")],
    ["general.file_type", number(GGUF_TYPES[type].fileType)],
    ...Object.entries(sizes).map(([key, value]) => [`${architecture}.${key}`, value] as const),
    ["tokenizer.ggml.model", text("gpt2")],
    ["tokenizer.ggml.pre", text(dimensions.qkvBias ? "qwen2" : "default")],
    ["tokenizer.ggml.tokens", { type: "strings", values: vocabulary.tokens }],
    [
      "tokenizer.ggml.token_type",
      // 1 is a normal token, 3 a control token.
      {
        type: "int32s",
        values: Int32Array.from(vocabulary.tokens, (_, id) => (isControl.has(id) ? 3 : 1)),
      },
    ],
    // No text leads to the right side of this one, so bytes stay bytes as in tokenizer.json.
    ["tokenizer.ggml.merges", { type: "strings", values: ["Ġ t256"] }],
    ["tokenizer.ggml.eos_token_id", number(vocabulary.endTokenId)],
    ["tokenizer.ggml.padding_token_id", number(vocabulary.padTokenId)],
    ["tokenizer.ggml.add_bos_token", { type: "bool", value: false }],
    ["tokenizer.chat_template", text(CHAT_TEMPLATE)],
  ]);
}
