import type { OnnxModel, OnnxValueInfo } from "../onnx/onnx-model";
import type { EncoderDimensions } from "./encoder-dimensions";
import type { EncoderFamily } from "./encoder-tokenizer-files";
import { float, type GraphBuilder, int, type TensorData, valueInfo } from "./graph-builder";
import { addLinearLayer, forEachChunk } from "./linear-layer";
import { fillNormals, hashText, type MatrixName, type WeightMatrix } from "./model-weights";
import type { WeightForm } from "./weight-form";

/**
 * The graph of an encoder as Optimum exports it: plain operators (MatMul, Add, Softmax, Erf), which
 * onnxruntime fuses when it loads the graph.
 *
 *     input_ids, attention_mask, token_type_ids (bert) [B, S]
 *       → last_hidden_state [B, S, hidden]
 *       | token_embeddings [B, S, hidden] and sentence_embedding [B, hidden]
 *       | logits [B, labels]
 */
export type EncoderHead =
  | { kind: "tokens" }
  /** The mean over the tokens besides, as sentence-transformers exports it. */
  | { kind: "sentence" }
  | { kind: "classifier"; labelCount: number };

/** Of the linear layers; everything else is fp32. */
export type EncoderForm = Exclude<WeightForm, "fp16" | "int8-rows">;

export type EncoderGraphOptions = {
  dimensions: EncoderDimensions;
  family: EncoderFamily;
  head: EncoderHead;
  form: EncoderForm;
  seed: number;
};

const OPSET = 17;
const IR_VERSION = 8;
const FLOAT32 = 1;
const INT64 = 7;
const LOWEST = -3.4028234663852886e38;
const ROBERTA_PAD = 1;
const AXES = ["batch_size", "sequence_length"] as const;

export class EncoderGraph {
  readonly #graph: GraphBuilder;
  readonly #options: EncoderGraphOptions;
  readonly #outputs: OnnxValueInfo[] = [];

  constructor(graph: GraphBuilder, options: EncoderGraphOptions) {
    this.#graph = graph;
    this.#options = options;
  }

  /** Adds the whole encoder and returns it as a file's content. */
  async build(): Promise<OnnxModel> {
    const { dimensions, family } = this.#options;
    const mask = this.#addMask();
    let hidden = await this.#addEmbeddings();
    for (let layer = 0; layer < dimensions.layerCount; layer++) {
      hidden = await this.#addAttention(layer, hidden, mask);
      hidden = await this.#addFeedForward(layer, hidden);
    }
    await this.#addHead(hidden);
    const names = ["input_ids", "attention_mask", ...(family === "bert" ? ["token_type_ids"] : [])];
    return {
      irVersion: IR_VERSION,
      producerName: "parley-synthetic",
      // The second is for the fused operators of quantised layers.
      opsetImport: [
        { domain: "", version: OPSET },
        { domain: "com.microsoft", version: 1 },
      ],
      graph: {
        name: "encoder",
        node: this.#graph.nodes,
        initializer: this.#graph.initializers,
        input: names.map((name) => valueInfo(name, "int64", AXES)),
        output: this.#outputs,
      },
    };
  }

  /** 0 where a token counts, the lowest number where it does not: [B, 1, 1, S]. */
  #addMask(): string {
    const graph = this.#graph;
    const mask = graph.node("Unsqueeze", ["attention_mask", this.#integers("axes_1_2", [1, 2])]);
    const counts = graph.node("Cast", [mask], { attributes: { to: int(FLOAT32) } });
    const missing = graph.node("Sub", [this.#scalar("one", 1), counts]);
    return graph.node("Mul", [missing, this.#scalar("lowest", LOWEST)]);
  }

  async #addEmbeddings(): Promise<string> {
    const graph = this.#graph;
    const { family, dimensions } = this.#options;
    const { vocabularySize, contextLength } = dimensions;
    const look = async (name: string, rows: number, ids: string) =>
      graph.node("Gather", [await this.#addTable(name, rows), ids]);
    let sum = await look("embedding", vocabularySize, "input_ids");
    if (family === "bert") {
      sum = graph.node("Add", [sum, await look("types", 2, "token_type_ids")]);
      sum = graph.node("Add", [sum, await look("positions", contextLength, this.#addPositions())]);
    } else {
      // The rows for the padding and the one before it are never looked up by a token.
      const rows = contextLength + ROBERTA_PAD + 1;
      const positions = this.#addRobertaPositions();
      sum = graph.node("Add", [sum, await look("positions", rows, positions)]);
    }
    return this.#addNorm(sum, "embeddings.norm");
  }

  /** 0, 1, 2 … as far as the texts go: [1, S]. */
  #addPositions(): string {
    const graph = this.#graph;
    const { contextLength } = this.#options.dimensions;
    const all = graph.constant("position_ids", {
      type: "int64",
      dims: [1, contextLength],
      data: BigInt64Array.from({ length: contextLength }, (_, index) => BigInt(index)),
    });
    const length = graph.node("Gather", [
      graph.node("Shape", ["input_ids"]),
      this.#integers("index_1", [1]),
    ]);
    const axis = this.#integers("axis_1", [1]);
    return graph.node("Slice", [all, this.#integers("start", [0]), length, axis]);
  }

  /** Counted from two on over what is no padding; padding has the padding's own id: [B, S]. */
  #addRobertaPositions(): string {
    const graph = this.#graph;
    const pad = graph.constant("pad_id", integerScalar(ROBERTA_PAD));
    const isToken = graph.node("Not", [graph.node("Equal", ["input_ids", pad])]);
    const tokens = graph.node("Cast", [isToken], { attributes: { to: int(INT64) } });
    const counted = graph.node("CumSum", [tokens, graph.constant("axis", integerScalar(1))]);
    return graph.node("Add", [graph.node("Mul", [counted, tokens]), pad]);
  }

  async #addAttention(layer: number, input: string, mask: string): Promise<string> {
    const graph = this.#graph;
    const { hiddenSize, headCount } = this.#options.dimensions;
    const headSize = hiddenSize / headCount;
    const toHeads = async (part: "query" | "key" | "value", order: number[]) => {
      const all = await this.#linear(input, `layers.${layer}.${part}`);
      const shape = this.#integers("heads", [0, 0, headCount, headSize]);
      return this.#transpose(graph.node("Reshape", [all, shape]), order);
    };
    const query = await toHeads("query", [0, 2, 1, 3]);
    const key = await toHeads("key", [0, 2, 3, 1]);
    const value = await toHeads("value", [0, 2, 1, 3]);
    const scores = graph.node("Div", [
      graph.node("MatMul", [query, key]),
      this.#scalar("head_root", Math.sqrt(headSize)),
    ]);
    const shares = graph.node("Softmax", [graph.node("Add", [scores, mask])], {
      attributes: { axis: int(-1) },
    });
    const mixed = this.#transpose(graph.node("MatMul", [shares, value]), [0, 2, 1, 3]);
    const joined = graph.node("Reshape", [mixed, this.#integers("joined", [0, 0, hiddenSize])]);
    const output = await this.#linear(joined, `layers.${layer}.output`);
    return this.#addNorm(graph.node("Add", [output, input]), `layers.${layer}.attention.norm`);
  }

  async #addFeedForward(layer: number, input: string): Promise<string> {
    const graph = this.#graph;
    const up = await this.#linear(input, `layers.${layer}.up`);
    const error = graph.node("Erf", [graph.node("Div", [up, this.#scalar("root_2", Math.SQRT2)])]);
    const scaled = graph.node("Mul", [up, graph.node("Add", [error, this.#scalar("one", 1)])]);
    const activated = graph.node("Mul", [scaled, this.#scalar("half", 0.5)]);
    const down = await this.#linear(activated, `layers.${layer}.down`);
    return this.#addNorm(graph.node("Add", [down, input]), `layers.${layer}.norm`);
  }

  async #addHead(hidden: string): Promise<void> {
    const { head } = this.#options;
    const { hiddenSize } = this.#options.dimensions;
    const name = (of: string, to: string, dims: (number | string)[]) => {
      this.#graph.node("Identity", [of], { output: [to] });
      this.#outputs.push(valueInfo(to, "float32", dims));
    };
    if (head.kind === "tokens") return name(hidden, "last_hidden_state", [...AXES, hiddenSize]);
    if (head.kind === "sentence") {
      name(hidden, "token_embeddings", [...AXES, hiddenSize]);
      return name(this.#addMean(hidden), "sentence_embedding", ["batch_size", hiddenSize]);
    }
    const labels = await this.#addClassifier(hidden, head.labelCount);
    name(labels, "logits", ["batch_size", head.labelCount]);
  }

  #addMean(hidden: string): string {
    const graph = this.#graph;
    const axis = this.#integers("last_axis", [-1]);
    const mask = graph.node("Cast", [graph.node("Unsqueeze", ["attention_mask", axis])], {
      attributes: { to: int(FLOAT32) },
    });
    const reduce = (of: string) =>
      graph.node("ReduceSum", [of, this.#integers("axis_1", [1])], {
        attributes: { keepdims: int(0) },
      });
    return graph.node("Div", [reduce(graph.node("Mul", [hidden, mask])), reduce(mask)]);
  }

  /** BERT's pooler over the first token, then one number a label. */
  async #addClassifier(hidden: string, labelCount: number): Promise<string> {
    const graph = this.#graph;
    const { hiddenSize } = this.#options.dimensions;
    const dense = async (input: string, name: string, rows: number, gain: number) => {
      const matrix = this.#draw(`${name}.weight`, hiddenSize * rows, gain / Math.sqrt(hiddenSize));
      const weight = await graph.weight(`${name}.weight`, floats([hiddenSize, rows], matrix));
      const bias = await this.#addVector(`${name}.bias`, rows);
      return graph.node("Add", [graph.node("MatMul", [input, weight]), bias]);
    };
    const zero = graph.constant("index_0", integerScalar(0));
    const first = graph.node("Gather", [hidden, zero], { attributes: { axis: int(1) } });
    const pooled = graph.node("Tanh", [await dense(first, "pooler", hiddenSize, 1)]);
    return dense(pooled, "classifier", labelCount, 2);
  }

  #linear(input: string, name: MatrixName): Promise<string> {
    const { form } = this.#options;
    const matrix = this.#matrix(name);
    const bias = this.#draw(`${name}.bias`, matrix.rows, 0.02);
    return addLinearLayer(this.#graph, input, { name, form, parts: [matrix], bias });
  }

  #matrix(name: MatrixName): WeightMatrix {
    const { hiddenSize, innerSize } = this.#options.dimensions;
    const part = name.split(".").at(-1);
    const rows = part === "up" ? innerSize : hiddenSize;
    const columns = part === "down" ? innerSize : hiddenSize;
    const stream = hashText(name, this.#options.seed);
    const deviation = 1 / Math.sqrt(columns);
    return {
      ...{ name, rows, columns },
      fill: (target, firstRow) => fillNormals(target, stream, firstRow * columns, deviation),
    };
  }

  async #addTable(name: string, rows: number): Promise<string> {
    const { hiddenSize } = this.#options.dimensions;
    const values = new Float32Array(rows * hiddenSize);
    const stream = hashText(name, this.#options.seed);
    // Positions and types matter less than words, as in trained models.
    const deviation = name === "embedding" ? 1 : 0.3;
    const matrix: WeightMatrix = {
      ...{ name: "embedding", rows, columns: hiddenSize },
      fill: (target, firstRow) => fillNormals(target, stream, firstRow * hiddenSize, deviation),
    };
    forEachChunk([matrix], (chunk, row) => values.set(chunk, row * hiddenSize));
    return this.#graph.weight(`${name}.table`, floats([rows, hiddenSize], values));
  }

  async #addNorm(input: string, name: string): Promise<string> {
    const { hiddenSize, normEpsilon } = this.#options.dimensions;
    const scale = this.#draw(`${name}.scale`, hiddenSize, 0.1).map((it) => 1 + it);
    const weight = await this.#graph.weight(`${name}.scale`, floats([hiddenSize], scale));
    return this.#graph.node(
      "LayerNormalization",
      [input, weight, await this.#addVector(`${name}.bias`, hiddenSize)],
      { attributes: { axis: int(-1), epsilon: float(normEpsilon) } },
    );
  }

  #addVector(name: string, size: number): Promise<string> {
    return this.#graph.weight(name, floats([size], this.#draw(name, size, 0.05)));
  }

  #draw(name: string, size: number, deviation: number): Float32Array {
    const values = new Float32Array(size);
    fillNormals(values, hashText(name, this.#options.seed), 0, deviation);
    return values;
  }

  #transpose(of: string, order: number[]): string {
    return this.#graph.node("Transpose", [of], { attributes: { perm: { type: 7, ints: order } } });
  }

  #scalar(name: string, value: number): string {
    const data = Float32Array.of(value);
    return this.#graph.constant(name, { type: "float32", dims: [], data });
  }

  #integers(name: string, values: readonly number[]): string {
    const data = BigInt64Array.from(values, BigInt);
    return this.#graph.constant(name, { type: "int64", dims: [values.length], data });
  }
}

const floats = (dims: number[], data: Float32Array): TensorData => ({
  ...{ type: "float32", dims, data },
});

const integerScalar = (value: number): TensorData => ({
  ...{ type: "int64", dims: [], data: BigInt64Array.of(BigInt(value)) },
});
