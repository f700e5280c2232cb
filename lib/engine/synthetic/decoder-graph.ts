import { assert } from "@/lib/util/assert";
import type { OnnxGraph, OnnxModel, OnnxValueInfo } from "../onnx/onnx-model";
import { addCorrection } from "./correction-layer";
import { addEmbedding, findTiedCodes } from "./embedding";
import {
  float,
  type GraphBuilder,
  int,
  MICROSOFT,
  type TensorData,
  valueInfo,
} from "./graph-builder";
import { GrowingAttention, type GrowingForm } from "./growing-attention";
import { addFloats, addLinearLayer, type LinearLayer, shapeOf } from "./linear-layer";
import type { MatrixName, ModelWeights, VectorName } from "./model-weights";
import { addRotaryTables, type RotaryTables } from "./rotary-tables";
import type { WeightForm } from "./weight-form";

/**
 * The graph of a decoder in onnxruntime's fused operators, in the shape in which current exporters
 * write it: one GroupQueryAttention a layer over packed queries, keys and values, with the rotary
 * embedding inside, and each residual addition fused with the norm that follows.
 *
 *     input_ids [B, S], attention_mask [B, total], past_key_values.N.key|value [B, heads, past, size]
 *       → logits [B, S, V], present.N.key|value [B, heads, total, size]
 */

/** Ways in which a graph can be unfit to serve, for tests of who has to notice. */
export type Flaws = {
  /** Every logit of positions that hold this token, or of all positions, is NaN. */
  nanLogits?: number | "always";
  /** Element type of `logits`; float32 unless told. */
  logitsType?: "float16";
  /** Element type of `input_ids`; int64 unless told. */
  inputIdsType?: "int32";
  /** What `logits` is called instead. */
  logitsName?: string;
};

export type DecoderOptions = {
  weights: ModelWeights;
  form: WeightForm;
  headForm: WeightForm;
  /** Adds the output `last_hidden_state` [B, S, hidden]. */
  withHiddenState: boolean;
  /** Attention in plain operators over a cache that grows, instead of GroupQueryAttention. */
  growing?: GrowingForm | undefined;
  /** Every product of the layers can be corrected by an adapter, whose rank is open. */
  takesAdapters?: boolean;
  flaws: Flaws;
};

const OPSET = 21;
const IR_VERSION = 10;

export class DecoderGraph {
  readonly #graph: GraphBuilder;
  readonly #options: DecoderOptions;
  readonly #floatType: "float32" | "float16";
  readonly #inputs: OnnxValueInfo[] = [];
  readonly #outputs: OnnxValueInfo[] = [];

  constructor(graph: GraphBuilder, options: DecoderOptions) {
    this.#graph = graph;
    this.#options = options;
    this.#floatType = options.form === "fp16" ? "float16" : "float32";
  }

  /** Adds the whole decoder and returns it as a file's content. */
  async build(): Promise<OnnxModel> {
    const { layerCount } = this.#dimensions;
    const idsType = this.#options.flaws.inputIdsType ?? "int64";
    this.#inputs.push(
      valueInfo("input_ids", idsType, ["batch_size", "sequence_length"]),
      valueInfo("attention_mask", "int64", ["batch_size", "total_sequence_length"]),
    );
    const attend = this.#createAttention(await this.#addRotary());
    const embedded = await addEmbedding(this.#graph, this.#toTokens("input_ids"), this.#options);
    let stream: Stream = await this.#addFirstNorm(embedded);
    for (let layer = 0; layer < layerCount; layer++) {
      stream = await this.#addAttention(layer, stream, attend);
      stream = await this.#addFeedForward(layer, stream);
    }
    await this.#addHead(stream.normed);
    return this.#toModel();
  }

  get #dimensions() {
    return this.#options.weights.dimensions;
  }

  /** Rows of one token each where the form quantises token by token; `[B, S]` otherwise. */
  get #isFlat(): boolean {
    return this.#options.form === "int8-rows";
  }

  #toTokens(ids: string): string {
    return this.#isFlat ? this.#graph.node("Reshape", [ids, this.#shape("flat", -1)]) : ids;
  }

  #shape(name: string, ...sizes: number[]): string {
    const data = BigInt64Array.from(sizes, BigInt);
    return this.#graph.constant(name, { type: "int64", dims: [sizes.length], data });
  }

  /** What GroupQueryAttention wants to know of lengths, from the mask. */
  #addLengths(): { lastPositions: string; totalLength: string } {
    const graph = this.#graph;
    const one = this.#shape("one_axis", 1);
    const lengths = graph.node("ReduceSum", ["attention_mask", one], {
      attributes: { keepdims: int(0) },
    });
    const lastPositions = graph.node("Cast", [graph.node("Sub", [lengths, one])], {
      attributes: { to: int(INT32) },
    });
    const index = graph.constant("total_index", scalar(1n));
    const total = graph.node("Gather", [graph.node("Shape", ["attention_mask"]), index]);
    const totalLength = graph.node("Cast", [total], { attributes: { to: int(INT32) } });
    return { lastPositions, totalLength };
  }

  #addRotary(): Promise<RotaryTables> {
    return addRotaryTables(this.#graph, this.#dimensions, this.#options.form);
  }

  async #addFirstNorm(embedded: string): Promise<Stream> {
    const normed = this.#graph.node(
      "SimplifiedLayerNormalization",
      [embedded, await this.#vector("layers.0.attentionNorm")],
      { attributes: { epsilon: float(this.#dimensions.normEpsilon), axis: int(-1) } },
    );
    return { residual: embedded, normed };
  }

  #createAttention(rotary: RotaryTables): Attend {
    const { weights, form: weightForm, growing } = this.#options;
    if (growing) {
      // Its first nodes read the length of the first layer's past.
      const attention = new GrowingAttention(this.#graph, {
        ...{ dimensions: weights.dimensions, weightForm, form: growing, rotary },
        inputs: this.#inputs,
      });
      return (layer, qkv, cache) => attention.add(layer, qkv, cache);
    }
    const lengths = this.#addLengths();
    return (layer, qkv, cache) => this.#attendInPlace(layer, qkv, { ...cache, ...lengths, rotary });
  }

  #attendInPlace(
    layer: number,
    qkv: string,
    shared: Cache & { lastPositions: string; totalLength: string; rotary: RotaryTables },
  ): string {
    const { headCount, kvHeadCount, headSize } = this.#dimensions;
    return this.#graph.node(
      "GroupQueryAttention",
      [
        ...[qkv, "", "", ...shared.past],
        ...[shared.lastPositions, shared.totalLength, shared.rotary.cosines, shared.rotary.sines],
      ],
      {
        domain: MICROSOFT,
        output: [`layers.${layer}.attended`, ...shared.present],
        attributes: {
          num_heads: int(headCount),
          kv_num_heads: int(kvHeadCount),
          do_rotary: int(1),
          rotary_interleaved: int(0),
          scale: float(headSize ** -0.5),
        },
      },
    );
  }

  async #addAttention(layer: number, stream: Stream, attend: Attend): Promise<Stream> {
    const { headCount, headSize, qkvBias } = this.#dimensions;
    const qkv = await this.#linear(stream.normed, `layers.${layer}.qkv`, {
      parts: [`layers.${layer}.query`, `layers.${layer}.key`, `layers.${layer}.value`],
      biases: qkvBias
        ? [`layers.${layer}.queryBias`, `layers.${layer}.keyBias`, `layers.${layer}.valueBias`]
        : [],
    });
    const attended = attend(layer, this.#toSequences(qkv), this.#addCache(layer));
    const rows = this.#toRows(attended, headCount * headSize);
    const output = await this.#linear(rows, `layers.${layer}.output`, {
      parts: [`layers.${layer}.output`],
    });
    return this.#addNorm(stream, output, `layers.${layer}.feedForwardNorm`);
  }

  #addCache(layer: number): Cache {
    const { kvHeadCount, headSize } = this.#dimensions;
    const past: string[] = [];
    const present: string[] = [];
    for (const part of ["key", "value"]) {
      const names = [`past_key_values.${layer}.${part}`, `present.${layer}.${part}`] as const;
      const toInfo = (name: string, length: string) =>
        valueInfo(name, this.#floatType, ["batch_size", kvHeadCount, length, headSize]);
      this.#inputs.push(toInfo(names[0], "past_sequence_length"));
      this.#outputs.push(toInfo(names[1], "present_sequence_length"));
      past.push(names[0]);
      present.push(names[1]);
    }
    return { past, present };
  }

  async #addFeedForward(layer: number, stream: Stream): Promise<Stream> {
    const graph = this.#graph;
    const [gate, up] = await this.#addGateAndUp(layer, stream.normed);
    // onnxruntime makes one QuickGelu of these two when it loads the graph.
    const activated = graph.node("Mul", [gate, graph.node("Sigmoid", [gate])]);
    const down = await this.#linear(graph.node("Mul", [activated, up]), `layers.${layer}.down`, {
      parts: [`layers.${layer}.down`],
    });
    const isLast = layer + 1 === this.#dimensions.layerCount;
    const next: VectorName = isLast ? "finalNorm" : `layers.${layer + 1}.attentionNorm`;
    return this.#addNorm(stream, down, next);
  }

  /**
   * Two products: as one of twice the width and a Split, the kernels of a decode step took the same
   * time (0.5B dimensions, int4 blocks of 128, least of 60 steps), since the Split copies.
   */
  async #addGateAndUp(layer: number, input: string): Promise<[string, string]> {
    return [
      await this.#linear(input, `layers.${layer}.gate`, { parts: [`layers.${layer}.gate`] }),
      await this.#linear(input, `layers.${layer}.up`, { parts: [`layers.${layer}.up`] }),
    ];
  }

  /** Adds to the residual stream and normalises, in one operator. */
  async #addNorm(stream: Stream, added: string, norm: VectorName): Promise<Stream> {
    const residual = `${norm}.residual`;
    // Outputs two and three are statistics for training; nobody reads the residual after the last norm.
    const normed = this.#graph.node(
      "SkipSimplifiedLayerNormalization",
      [stream.residual, added, await this.#vector(norm)],
      {
        domain: MICROSOFT,
        output: norm === "finalNorm" ? [`${norm}.out`] : [`${norm}.out`, "", "", residual],
        attributes: { epsilon: float(this.#dimensions.normEpsilon) },
      },
    );
    return { residual, normed };
  }

  async #addHead(normed: string): Promise<void> {
    const { hiddenSize, vocabularySize } = this.#dimensions;
    const { withHiddenState, headForm, flaws } = this.#options;
    const graph = this.#graph;
    const axes = ["batch_size", "sequence_length"];
    let hidden = this.#addNan(this.#toSequences(normed));
    if (withHiddenState) {
      hidden = graph.node("Identity", [hidden], { output: ["last_hidden_state"] });
      this.#outputs.push(valueInfo("last_hidden_state", this.#floatType, [...axes, hiddenSize]));
    }
    // The head of a form that needs rows of tokens gets them here, whatever the layers are.
    const rows =
      headForm === "int8-rows"
        ? graph.node("Reshape", [hidden, this.#shape("hidden_rows", -1, hiddenSize)])
        : hidden;
    const scores = await this.#linear(rows, "head", {
      parts: ["head"],
      form: headForm,
      tiedTo: findTiedCodes(this.#options),
    });
    const shaped = headForm === "int8-rows" ? this.#likeIds(scores) : scores;
    const logitsType = flaws.logitsType ?? "float32";
    const logitsName = flaws.logitsName ?? "logits";
    const isCast = logitsType !== this.#floatType;
    if (isCast) {
      const to = int(logitsType === "float32" ? FLOAT32 : FLOAT16);
      graph.node("Cast", [shaped], { output: [logitsName], attributes: { to } });
    } else {
      this.#renameOutput(shaped, logitsName);
    }
    this.#outputs.unshift(valueInfo(logitsName, logitsType, [...axes, vocabularySize]));
  }

  /** Adds NaN to the hidden states that the flaw asks for, and zero to the others. */
  #addNan(hidden: string): string {
    const { nanLogits } = this.#options.flaws;
    if (nanLogits === undefined) return hidden;
    const graph = this.#graph;
    assert(this.#floatType === "float32", "the flaw is made for float32 graphs");
    const toConstant = (name: string, value: number) =>
      graph.constant(name, { type: "float32", dims: [], data: Float32Array.of(value) });
    const nan = toConstant("nan", Number.NaN);
    if (nanLogits === "always") return graph.node("Add", [hidden, nan]);
    const token = graph.constant("nan_token", scalar(BigInt(nanLogits)));
    const isToken = graph.node("Equal", ["input_ids", token]);
    const flaw = graph.node("Where", [isToken, nan, toConstant("zero", 0)]);
    return graph.node("Add", [hidden, graph.node("Unsqueeze", [flaw, this.#shape("last", -1)])]);
  }

  /** The node that makes `name` makes `to` instead; what is between the two would be a copy. */
  #renameOutput(name: string, to: string): void {
    const node = this.#graph.nodes.findLast((it) => it.output.includes(name));
    assert(node !== undefined, `a node makes ${name}`);
    node.output = node.output.map((it) => (it === name ? to : it));
  }

  #toSequences(rows: string): string {
    return this.#isFlat ? this.#likeIds(rows) : rows;
  }

  #toRows(sequences: string, width: number): string {
    if (!this.#isFlat) return sequences;
    return this.#graph.node("Reshape", [sequences, this.#shape(`rows_${width}`, -1, width)]);
  }

  /** `[B · S, width]` as `[B, S, width]`. */
  #likeIds(rows: string): string {
    const graph = this.#graph;
    const name = "sequence_shape";
    if (!graph.nodes.some((it) => it.output[0] === name)) {
      graph.node("Concat", [graph.node("Shape", ["input_ids"]), this.#shape("flat", -1)], {
        output: [name],
        attributes: { axis: int(0) },
      });
    }
    return graph.node("Reshape", [rows, name]);
  }

  #vector(name: VectorName): Promise<string> {
    const data = this.#options.weights.vector(name);
    return addFloats(this.#graph, name, [data.length], data, this.#options.form);
  }

  async #linear(
    input: string,
    name: string,
    layer: {
      parts: MatrixName[];
      biases?: VectorName[];
      form?: WeightForm;
      tiedTo?: LinearLayer["tiedTo"];
    },
  ): Promise<string> {
    const { weights, form } = this.#options;
    const biases = (layer.biases ?? []).flatMap((it) => [...weights.vector(it)]);
    const parts = layer.parts.map((it) => weights.matrix(it));
    const output = await addLinearLayer(this.#graph, input, {
      name,
      form: layer.form ?? form,
      parts,
      tiedTo: layer.tiedTo,
      bias: biases.length > 0 ? Float32Array.from(biases) : undefined,
    });
    if (!this.#options.takesAdapters || name === "head") return output;
    const correction = addCorrection(this.#graph, input, {
      ...{ output, layer: name, type: this.#floatType, shape: shapeOf(parts) },
    });
    this.#inputs.push(...correction.inputs);
    return correction.output;
  }

  #toModel(): OnnxModel {
    const graph: OnnxGraph = {
      name: "decoder",
      node: this.#graph.nodes,
      initializer: this.#graph.initializers,
      input: this.#inputs,
      output: this.#outputs,
    };
    return {
      irVersion: IR_VERSION,
      producerName: "parley-synthetic",
      opsetImport: [
        { domain: "", version: OPSET },
        { domain: MICROSOFT, version: 1 },
      ],
      graph,
    };
  }
}

/** The residual stream, and the same after the norm that the next layer reads. */
type Stream = { residual: string; normed: string };

/** Names of the keys and the values of a layer, as they come in and as they go out. */
type Cache = { past: string[]; present: string[] };

/** From packed queries, keys and values to what they attend to: `[B, S, heads · size]`. */
type Attend = (layer: number, qkv: string, cache: Cache) => string;

const FLOAT32 = 1;
const INT32 = 6;
const FLOAT16 = 10;

const scalar = (value: bigint): TensorData => ({
  type: "int64",
  dims: [],
  data: BigInt64Array.of(value),
});
