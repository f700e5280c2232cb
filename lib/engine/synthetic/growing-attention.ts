import { assert } from "@/lib/util/assert";
import { ATTRIBUTE_TYPE, type OnnxValueInfo } from "../onnx/onnx-model";
import type { ModelDimensions } from "./dimensions";
import {
  float,
  type GraphBuilder,
  int,
  MICROSOFT,
  tensor,
  toTensor,
  valueInfo,
} from "./graph-builder";
import { toHalf } from "./half-float";
import type { RotaryTables } from "./rotary-tables";
import type { WeightForm } from "./weight-form";

/**
 * Attention in plain operators, as Optimum writes it: the past of each layer comes in, grows by a
 * Concat, goes out whole, and is repeated for the queries that share a head.
 */
export type GrowingForm = {
  /**
   * Where a token's position comes from: an input `position_ids`, the sums of the attention mask (as
   * in OPT), or the length of the past.
   */
  positions?: "input" | "mask" | "length";
  /** Whether the scores are scaled, or queries and keys by the root of the scale each (newer exports). */
  scaling?: "scores" | "sides";
  /** Tokens that attention looks back, the own one included; unless given, all. */
  window?: number;
  /** Scores come no nearer to this than tanh lets them (as in Gemma 2); unless given, they are free. */
  softCap?: number;
  /** One operator instead of two products around a Softmax; only for as many kv heads as heads. */
  operator?: "MultiHeadAttention";
};

const BOOL = 9;

export class GrowingAttention {
  readonly #graph: GraphBuilder;
  readonly #dimensions: ModelDimensions;
  readonly #isHalf: boolean;
  readonly #form: GrowingForm;
  readonly #mask: string;
  readonly #cosines: string;
  readonly #sines: string;
  readonly #sequenceLength: string;

  /** Adds what all layers share. `rotary` are tables over positions. */
  constructor(
    graph: GraphBuilder,
    options: {
      dimensions: ModelDimensions;
      weightForm: WeightForm;
      form: GrowingForm;
      rotary: RotaryTables;
      /** Where inputs that this form has besides are declared. */
      inputs: OnnxValueInfo[];
    },
  ) {
    this.#graph = graph;
    this.#dimensions = options.dimensions;
    this.#isHalf = options.weightForm === "fp16";
    this.#form = options.form;
    this.#sequenceLength = this.#dimensionOf("input_ids", 1);
    const pastLength = this.#dimensionOf("past_key_values.0.key", 2);
    const totalLength = graph.node("Add", [pastLength, this.#sequenceLength]);
    const range = (from: string, to: string) =>
      graph.node("Range", [from, to, this.#scalar("one", 1)]);
    const newPlaces = range(pastLength, totalLength);
    const allPlaces = range(this.#scalar("zero", 0), totalLength);
    this.#mask = this.#addMask(newPlaces, allPlaces);
    const positions = this.#addPositions(newPlaces, options.inputs);
    this.#cosines = this.#lookUp(options.rotary.cosines, positions);
    this.#sines = this.#lookUp(options.rotary.sines, positions);
  }

  /** @param qkv `[B, S, (heads + 2 · kv heads) · size]`; returns `[B, S, heads · size]`. */
  add(layer: number, qkv: string, cache: { past: string[]; present: string[] }): string {
    const graph = this.#graph;
    const { headCount, kvHeadCount, headSize } = this.#dimensions;
    const counts = [headCount, kvHeadCount, kvHeadCount];
    const parts = ["query", "key", "value"].map((it) => `layers.${layer}.${it}_rows`);
    const sizes = this.#integers(
      "qkv_sizes",
      counts.map((it) => it * headSize),
    );
    graph.node("Split", [qkv, sizes], { output: parts, attributes: { axis: int(-1) } });
    const heads = parts.map((part, index) => {
      const shape = this.#integers(`heads_${counts[index]}`, [0, 0, counts[index] ?? 0, headSize]);
      return graph.node("Transpose", [graph.node("Reshape", [part, shape])], {
        attributes: { perm: permutation(0, 2, 1, 3) },
      });
    });
    const [query = "", key = "", value = ""] = heads;
    const turned = [this.#rotate(query), this.#rotate(key), value];
    if (this.#form.operator) return this.#attendAtOnce(turned, cache);
    const [turnedQuery = "", ...news] = turned;
    const whole = news.map((it, index) =>
      graph.node("Concat", [cache.past[index] ?? "", it], {
        output: [cache.present[index] ?? ""],
        attributes: { axis: int(-2) },
      }),
    );
    const [keys = "", values = ""] = whole.map((it) => this.#repeat(it));
    return this.#toRows(this.#attend(turnedQuery, keys, values));
  }

  #attendAtOnce(heads: string[], cache: { past: string[]; present: string[] }): string {
    const { headCount, kvHeadCount, headSize } = this.#dimensions;
    assert(headCount === kvHeadCount, "the operator repeats no heads");
    const rows = heads.map((it) => this.#toRows(it));
    return this.#graph.node("MultiHeadAttention", [...rows, "", "", this.#mask, ...cache.past], {
      domain: MICROSOFT,
      output: [`${rows[0]}/attended`, ...cache.present],
      attributes: { num_heads: int(headCount), scale: float(headSize ** -0.5) },
    });
  }

  /** `[B, heads, S, size]` to `[B, S, heads · size]`. */
  #toRows(heads: string): string {
    const { headCount, headSize } = this.#dimensions;
    const rows = this.#graph.node("Transpose", [heads], {
      attributes: { perm: permutation(0, 2, 1, 3) },
    });
    const shape = this.#integers("attended_shape", [0, 0, headCount * headSize]);
    return this.#graph.node("Reshape", [rows, shape]);
  }

  #attend(query: string, keys: string, values: string): string {
    const graph = this.#graph;
    const scale = this.#dimensions.headSize ** -0.5;
    const isBySide = this.#form.scaling === "sides";
    const side = (it: string) =>
      isBySide ? graph.node("Mul", [it, this.#float("scale_root", Math.sqrt(scale))]) : it;
    const turned = graph.node("Transpose", [keys], {
      attributes: { perm: permutation(0, 1, 3, 2) },
    });
    const product = graph.node("MatMul", [side(query), side(turned)]);
    const scores = isBySide
      ? product
      : graph.node("Div", [product, this.#float("scale_divisor", 1 / scale)]);
    const weights = graph.node("Softmax", [graph.node("Add", [this.#cap(scores), this.#mask])], {
      attributes: { axis: int(-1) },
    });
    return graph.node("MatMul", [weights, values]);
  }

  #cap(scores: string): string {
    const { softCap } = this.#form;
    if (softCap === undefined) return scores;
    const cap = this.#float("soft_cap", softCap);
    return this.#graph.node("Mul", [
      this.#graph.node("Tanh", [this.#graph.node("Div", [scores, cap])]),
      cap,
    ]);
  }

  /** `[B, 1, S, total]`: zero where a query may look, the least number elsewhere. */
  #addMask(newPlaces: string, allPlaces: string): string {
    const graph = this.#graph;
    const column = graph.node("Unsqueeze", [newPlaces, this.#integers("axis_1", [1])]);
    const isEarlier = graph.node("LessOrEqual", [allPlaces, column]);
    const isNear = this.#form.window
      ? graph.node("And", [isEarlier, this.#addWindow(column, allPlaces, this.#form.window)])
      : isEarlier;
    const isToken = graph.node("Cast", ["attention_mask"], { attributes: { to: int(BOOL) } });
    const isTokenWide = graph.node("Unsqueeze", [isToken, this.#integers("axes_1_2", [1, 2])]);
    const isSeen = graph.node("And", [isNear, isTokenWide]);
    const least = this.#float("least_score", this.#isHalf ? -65_504 : -3.4028234663852886e38);
    return graph.node("Where", [isSeen, this.#float("no_score", 0), least]);
  }

  #addWindow(column: string, allPlaces: string, window: number): string {
    const distance = this.#graph.node("Sub", [column, allPlaces]);
    return this.#graph.node("Less", [distance, this.#scalar("window", window)]);
  }

  /** `[B, S]`, or `[1, S]` where all rows have the same. */
  #addPositions(newPlaces: string, inputs: OnnxValueInfo[]): string {
    const graph = this.#graph;
    if (this.#form.positions === "length") {
      return graph.node("Unsqueeze", [newPlaces, this.#integers("axis_0", [0])]);
    }
    if (this.#form.positions !== "mask") {
      inputs.push(valueInfo("position_ids", "int64", ["batch_size", "sequence_length"]));
      return "position_ids";
    }
    const axis = this.#integers("axis_1", [1]);
    const counts = graph.node("CumSum", ["attention_mask", this.#scalar("one", 1)]);
    const places = graph.node("Sub", [counts, this.#scalar("one", 1)]);
    const length = graph.node("Unsqueeze", [this.#sequenceLength, this.#integers("axis_0", [0])]);
    const end = this.#integers("end", [Number.MAX_SAFE_INTEGER]);
    return graph.node("Slice", [places, graph.node("Neg", [length]), end, axis]);
  }

  /** Rows of a table for each position, twice over: `[B, 1, S, size]`. */
  #lookUp(table: string, positions: string): string {
    const graph = this.#graph;
    const half = graph.node("Gather", [table, positions]);
    const whole = graph.node("Concat", [half, half], { attributes: { axis: int(-1) } });
    return graph.node("Unsqueeze", [whole, this.#integers("axis_1", [1])]);
  }

  #rotate(heads: string): string {
    const graph = this.#graph;
    const { headSize } = this.#dimensions;
    const slice = (from: number, to: number) =>
      graph.node("Slice", [
        heads,
        this.#integers(`from_${from}`, [from]),
        this.#integers(`to_${to}`, [to]),
        this.#integers("axis_3", [3]),
      ]);
    const first = slice(0, headSize / 2);
    const second = slice(headSize / 2, headSize);
    const turned = graph.node("Concat", [graph.node("Neg", [second]), first], {
      attributes: { axis: int(-1) },
    });
    return graph.node("Add", [
      graph.node("Mul", [heads, this.#cosines]),
      graph.node("Mul", [turned, this.#sines]),
    ]);
  }

  /** `[B, kv heads, total, size]` to as many heads as there are queries. */
  #repeat(whole: string): string {
    const graph = this.#graph;
    const { headCount, kvHeadCount, headSize } = this.#dimensions;
    const count = headCount / kvHeadCount;
    if (count === 1) return whole;
    const shape = graph.node("Shape", [whole]);
    const ones = graph.node("ConstantOfShape", [this.#integers("rank_5", [5])], {
      attributes: { value: tensor(toTensor("int64", [1], BigInt64Array.of(1n))) },
    });
    const part = (from: number, to: number) =>
      graph.node("Slice", [
        shape,
        this.#integers(`from_${from}`, [from]),
        this.#integers(`to_${to}`, [to]),
      ]);
    const wanted = graph.node(
      "Concat",
      [part(0, 2), this.#integers("repeats", [count]), part(2, 4)],
      {
        attributes: { axis: int(0) },
      },
    );
    const fifth = graph.node("Unsqueeze", [whole, this.#integers("axis_2", [2])]);
    const expanded = graph.node("Expand", [fifth, graph.node("Mul", [wanted, ones])]);
    return graph.node("Reshape", [
      expanded,
      this.#integers("repeated_shape", [0, headCount, -1, headSize]),
    ]);
  }

  #dimensionOf(name: string, axis: number): string {
    return this.#graph.node("Gather", [
      this.#graph.node("Shape", [name]),
      this.#scalar(`axis_${axis}_scalar`, axis),
    ]);
  }

  #scalar(name: string, value: number): string {
    const data = BigInt64Array.of(BigInt(value));
    return this.#graph.constant(`growing.${name}`, { type: "int64", dims: [], data });
  }

  #integers(name: string, values: number[]): string {
    const data = BigInt64Array.from(values, BigInt);
    const dims = [values.length];
    return this.#graph.constant(`growing.${name}`, { type: "int64", dims, data });
  }

  #float(name: string, value: number): string {
    const data = this.#isHalf ? Uint16Array.of(toHalf(value)) : Float32Array.of(value);
    const type = this.#isHalf ? "float16" : "float32";
    return this.#graph.constant(`growing.${name}`, { type, dims: [], data });
  }
}

const permutation = (...ints: number[]) => ({ type: ATTRIBUTE_TYPE.ints, ints });
