import type { ModelDimensions } from "./dimensions";
import {
  fillNormals,
  hashText,
  type MatrixName,
  ModelWeights,
  type ModelWeightsOptions,
  type WeightMatrix,
} from "./model-weights";

/** The products that an adapter corrects, by the name of the layer in our graphs. */
export const PROJECTIONS = {
  qkv: { name: "attn.qkv_proj", parts: ["query", "key", "value"] },
  output: { name: "attn.o_proj", parts: ["output"] },
  gate: { name: "mlp.gate_proj", parts: ["gate"] },
  up: { name: "mlp.up_proj", parts: ["up"] },
  down: { name: "mlp.down_proj", parts: ["down"] },
} as const;
export type Projection = keyof typeof PROJECTIONS;

export type AdapterWeightsOptions = {
  dimensions: ModelDimensions;
  /** The same seed gives the same adapter. */
  seed: number;
  rank: number;
  /** Size of the correction beside that of the weights. */
  strength?: number;
};

/** What the two halves of a correction are called, as onnxruntime-genai's model builder names them. */
export function nameHalves(layer: number, projection: Projection): { a: string; b: string } {
  const name = `model.layers.${layer}.${PROJECTIONS[projection].name}`;
  return { a: `${name}.lora_A.MatMul.weight`, b: `${name}.lora_B.MatMul.weight` };
}

/** Corrections nobody trained: `x · A · B` beside `x · Wᵀ`, as a function of (seed, name, position). */
export class AdapterWeights {
  readonly options: AdapterWeightsOptions;
  readonly #weights: ModelWeights;

  constructor(options: AdapterWeightsOptions) {
    this.options = options;
    this.#weights = new ModelWeights({ ...options, logitScale: 1 });
  }

  /** `a` is [inputs, rank] and `b` is [rank, outputs]. */
  halves(layer: number, projection: Projection) {
    const { rank, seed, strength = 0.3 } = this.options;
    const parts = PROJECTIONS[projection].parts.map((it) =>
      this.#weights.matrix(`layers.${layer}.${it}`),
    );
    const inputs = parts[0]?.columns ?? 0;
    const outputs = parts.reduce((sum, it) => sum + it.rows, 0);
    const names = nameHalves(layer, projection);
    const a = new Float32Array(inputs * rank);
    const b = new Float32Array(rank * outputs);
    // Together as large as a weight of the model, times the strength.
    fillNormals(a, hashText(names.a, seed), 0, 1 / Math.sqrt(inputs));
    fillNormals(b, hashText(names.b, seed), 0, strength / Math.sqrt(rank));
    return { names, inputs, outputs, a, b };
  }

  /** The correction of one matrix of the model, or undefined for one that has none: `[rows, columns]`. */
  correctionOf(matrix: MatrixName): Float32Array | undefined {
    const [, layer = "", part] = /^layers\.(\d+)\.(.+)$/.exec(matrix) ?? [];
    for (const projection of Object.keys(PROJECTIONS) as Projection[]) {
      const parts: readonly string[] = PROJECTIONS[projection].parts;
      const place = part === undefined ? -1 : parts.indexOf(part);
      if (place < 0) continue;
      const { rows, columns } = this.#weights.matrix(matrix);
      const before = PROJECTIONS[projection].parts
        .slice(0, place)
        .reduce((sum, it) => sum + this.#weights.matrix(`layers.${Number(layer)}.${it}`).rows, 0);
      const { a, b, outputs } = this.halves(Number(layer), projection);
      return multiply({ a, b, outputs, rank: this.options.rank, before, rows, columns });
    }
    return undefined;
  }
}

type Product = {
  a: Float32Array;
  b: Float32Array;
  rank: number;
  outputs: number;
  /** Outputs of the product that come before those of this matrix. */
  before: number;
  rows: number;
  columns: number;
};

/** `(A · B)ᵀ` for the rows of one matrix. */
function multiply({ a, b, rank, outputs, before, rows, columns }: Product): Float32Array {
  const product = new Float32Array(rows * columns);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      let sum = 0;
      for (let inner = 0; inner < rank; inner++) {
        sum += (a[column * rank + inner] ?? 0) * (b[inner * outputs + before + row] ?? 0);
      }
      product[row * columns + column] = sum;
    }
  }
  return product;
}

/** The weights of a model with an adapter worked into them. */
export class MergedWeights extends ModelWeights {
  readonly #adapter: AdapterWeights;

  constructor(options: ModelWeightsOptions, adapter: AdapterWeights) {
    super(options);
    this.#adapter = adapter;
  }

  override matrix(name: MatrixName): WeightMatrix {
    const own = super.matrix(name);
    const correction = this.#adapter.correctionOf(name);
    if (!correction) return own;
    return {
      ...own,
      fill(target, firstRow) {
        own.fill(target, firstRow);
        const start = firstRow * own.columns;
        for (let index = 0; index < target.length; index++) {
          target[index] = (target[index] ?? 0) + (correction[start + index] ?? 0);
        }
      },
    };
  }
}
