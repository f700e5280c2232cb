import type { ModelDimensions } from "./dimensions";

/**
 * Weights of a model nobody trained, as a function of (seed, name, position): any row of any matrix
 * can be made at any time, so that a file is written without ever holding the model, and every weight
 * form and every file format starts from the same numbers.
 *
 * Values are normal. Matrices have variance 1 / columns, so that activations keep their size from
 * layer to layer; queries have twice the deviation, which makes attention pick among the tokens
 * instead of averaging them. With plain queries a tied model soon repeated one token for ever, and a
 * text that never changes proves nothing about whoever is to keep two texts apart.
 */

export type MatrixName =
  | "embedding"
  | "head"
  | `layers.${number}.${"query" | "key" | "value" | "output" | "gate" | "up" | "down"}`;

export type VectorName =
  | "finalNorm"
  | `layers.${number}.${"attentionNorm" | "feedForwardNorm" | "queryBias" | "keyBias" | "valueBias"}`;

/** `[rows, columns]`; a matrix maps `columns` inputs to `rows` outputs. */
export type WeightMatrix = {
  readonly name: MatrixName;
  readonly rows: number;
  readonly columns: number;
  /** Fills `target` with whole rows from `firstRow` on. */
  fill(target: Float32Array, firstRow: number): void;
};

export type ModelWeightsOptions = {
  dimensions: ModelDimensions;
  seed: number;
  /** Standard deviation of the logits, about: 1 is nearly uniform, 4 is as decided as a real model. */
  logitScale: number;
};

/** As decided as a trained model: the likeliest token has a tenth to a half of the probability. */
export const LOGIT_SCALE = 4;

/** So many weights are made at a time: enough for speed, little beside the model. */
const CHUNK_WEIGHTS = 1 << 22;

const NORMAL_BITS = 16;
const NORMALS = createNormals();

export class ModelWeights {
  readonly dimensions: ModelDimensions;
  readonly #seed: number;
  readonly #logitScale: number;

  constructor(options: ModelWeightsOptions) {
    this.dimensions = options.dimensions;
    this.#seed = options.seed;
    this.#logitScale = options.logitScale;
  }

  matrix(name: MatrixName): WeightMatrix {
    const { dimensions } = this;
    // Tied weights are one tensor under two names.
    const source = name === "head" && dimensions.isTied ? "embedding" : name;
    const [rows, columns] = shapeOf(name, dimensions);
    const part = name.split(".").at(-1);
    const gain = part === "query" ? 2 : 1;
    const deviation = gain / Math.sqrt(columns);
    const stream = hashText(source, this.#seed);
    return {
      name,
      rows,
      columns,
      fill: (target, firstRow) => fillNormals(target, stream, firstRow * columns, deviation),
    };
  }

  vector(name: VectorName): Float32Array {
    const { hiddenSize, headCount, kvHeadCount, headSize } = this.dimensions;
    const isBias = name.endsWith("Bias");
    const heads = name.endsWith("queryBias") ? headCount : kvHeadCount;
    const vector = new Float32Array(isBias ? heads * headSize : hiddenSize);
    fillNormals(vector, hashText(name, this.#seed), 0, 0.1);
    if (isBias) return vector;
    // The scale of the logits sits in the last norm, where tied weights and GGUF have it alike.
    const scale = name === "finalNorm" ? this.#logitScale : 1;
    return vector.map((value) => (1 + value) * scale);
  }
}

/** Whole rows of a matrix, one piece after the other. */
export function* chunksOf(matrix: WeightMatrix): Generator<Float32Array> {
  const step = Math.max(1, Math.floor(CHUNK_WEIGHTS / matrix.columns));
  for (let row = 0; row < matrix.rows; row += step) {
    const chunk = new Float32Array(Math.min(step, matrix.rows - row) * matrix.columns);
    matrix.fill(chunk, row);
    yield chunk;
  }
}

function shapeOf(name: MatrixName, dimensions: ModelDimensions): [number, number] {
  const { hiddenSize, headCount, kvHeadCount, headSize, innerSize, vocabularySize } = dimensions;
  const part = name.split(".").at(-1);
  switch (part) {
    case "query":
      return [headCount * headSize, hiddenSize];
    case "key":
    case "value":
      return [kvHeadCount * headSize, hiddenSize];
    case "output":
      return [hiddenSize, headCount * headSize];
    case "gate":
    case "up":
      return [innerSize, hiddenSize];
    case "down":
      return [hiddenSize, innerSize];
    default:
      return [vocabularySize, hiddenSize];
  }
}

/**
 * Position `first` and on of one stream of normal numbers, times `deviation`. The 16-bit index into
 * the table comes from the finaliser of MurmurHash3 over a counter, so that no number depends on the
 * one before it.
 */
export function fillNormals(
  target: Float32Array,
  stream: number,
  first: number,
  deviation: number,
): void {
  for (let index = 0; index < target.length; index++) {
    let bits = Math.imul(first + index, 0x9e3779b1) ^ stream;
    bits = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b);
    bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35);
    // The index is below 2^16, the table's length.
    target[index] = (NORMALS[(bits ^ (bits >>> 16)) & 0xffff] ?? 0) * deviation;
  }
}

/** The quantiles of the normal distribution at 2^16 evenly spread probabilities. */
function createNormals(): Float32Array {
  const count = 1 << NORMAL_BITS;
  const normals = new Float32Array(count);
  for (let index = 0; index < count; index++)
    normals[index] = normalQuantile((index + 0.5) / count);
  return normals;
}

/** Abramowitz and Stegun 26.2.23, absolute error below 4.5e-4. */
function normalQuantile(probability: number): number {
  const tail = Math.min(probability, 1 - probability);
  const t = Math.sqrt(-2 * Math.log(tail));
  const above = 2.515517 + t * (0.802853 + t * 0.010328);
  const below = 1 + t * (1.432788 + t * (0.189269 + t * 0.001308));
  return (probability < 0.5 ? -1 : 1) * (t - above / below);
}

/** FNV-1a over the name, begun from the seed. */
export function hashText(text: string, seed: number): number {
  let hash = 0x811c9dc5 ^ Math.imul(seed + 1, 0x9e3779b1);
  for (let index = 0; index < text.length; index++) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  }
  return hash;
}
