import type { OnnxAttribute, OnnxGraph, OnnxNode, OnnxTensor, OnnxValueInfo } from "./onnx-model";

/** Outputs that have the rank of the first input. */
const RANK_OF_FIRST = new Set([
  ...["Cast", "Identity", "Tanh", "Sigmoid", "Sqrt", "Pow", "Abs", "Neg", "Reciprocal", "Softmax"],
  ...["QuantizeLinear", "DequantizeLinear", "DynamicQuantizeLinear", "DynamicQuantizeMatMul"],
  ...["MatMulNBits", "MatMulInteger", "MatMulIntegerToFloat", "Transpose", "Slice", "Concat"],
  ...["LayerNormalization", "SimplifiedLayerNormalization", "RMSNormalization"],
  ...["SkipLayerNormalization", "SkipSimplifiedLayerNormalization", "Expand", "Dropout"],
]);
/** Outputs that have the rank of the larger input. */
const RANK_OF_LARGEST = new Set([
  "Add",
  "Sub",
  "Mul",
  "Div",
  "Max",
  "Min",
  "MatMul",
  "FusedMatMul",
]);
/** What keeps a list of dimensions a list of dimensions. */
const SHAPE_ARITHMETIC = new Set([
  ...["Concat", "Slice", "Gather", "Unsqueeze", "Squeeze", "Cast", "Add", "Sub", "Mul", "Div"],
]);

export function findAttribute(node: OnnxNode, name: string): OnnxAttribute | undefined {
  return node.attribute?.find((it) => it.name === name);
}

/** All that a node reads, what the graphs inside it (`If`, `Loop`) take from outside included. */
export function listReads(node: OnnxNode): string[] {
  const inner = (node.attribute ?? []).flatMap((it) => (it.g ? it.g.node.flatMap(listReads) : []));
  return [...node.input, ...inner].filter((name) => name !== "");
}

/**
 * Answers questions about the values of a graph that the file does not: who makes a value, who reads
 * it, whether it depends on what is fed at all, and its rank where that follows from the operators
 * between. No full shape inference: onnxruntime does that when it loads the graph; here only the
 * path from the last layer to the logits has to be understood.
 */
export class GraphIndex {
  readonly graph: OnnxGraph;
  /** The node that writes a value, by its place in the graph, which lists nodes in order of running. */
  readonly #producers = new Map<string, number>();
  readonly #readers = new Map<string, OnnxNode[]>();
  readonly #initializers = new Map<string, OnnxTensor>();
  readonly #fed = new Set<string>();
  readonly #shapes = new Set<string>();
  readonly #ranks = new Map<string, number>();
  /** Lengths of the one-dimensional values that are known: the rank of what is reshaped to them. */
  readonly #lengths = new Map<string, number>();

  constructor(graph: OnnxGraph) {
    this.graph = graph;
    for (const tensor of graph.initializer) {
      if (tensor.name === undefined) continue;
      this.#initializers.set(tensor.name, tensor);
      this.#learnTensor(tensor.name, tensor.dims);
    }
    for (const value of [...graph.input, ...(graph.valueInfo ?? [])]) this.#learnDeclared(value);
    // A graph of old lists its initializers among the inputs; they are not fed for that.
    for (const { name } of graph.input) if (!this.#initializers.has(name)) this.#fed.add(name);
    graph.node.forEach((node, place) => {
      this.#learnNode(node, place);
    });
    // Last: what the graph says about itself is right where our own rules know nothing.
    for (const value of graph.output) this.#learnDeclared(value);
  }

  /** The place of the node that writes `name`; undefined for what is fed and for initializers. */
  findProducerPlace(name: string): number | undefined {
    return this.#producers.get(name);
  }

  findProducer(name: string): OnnxNode | undefined {
    const place = this.#producers.get(name);
    return place === undefined ? undefined : this.graph.node[place];
  }

  readersOf(name: string): readonly OnnxNode[] {
    return this.#readers.get(name) ?? [];
  }

  findInitializer(name: string): OnnxTensor | undefined {
    return this.#initializers.get(name);
  }

  /** Whether the value depends on any input; what does not is the same in every run. */
  isFed(name: string): boolean {
    return this.#fed.has(name);
  }

  /** Whether the value is the dimensions of another, or made of such. */
  isShape(name: string): boolean {
    return this.#shapes.has(name);
  }

  findRank(name: string): number | undefined {
    return this.#ranks.get(name);
  }

  isGraphOutput(name: string): boolean {
    return this.graph.output.some((it) => it.name === name);
  }

  #learnTensor(name: string, dims: readonly number[]): void {
    this.#ranks.set(name, dims.length);
    if (dims.length === 1 && dims[0] !== undefined) this.#lengths.set(name, dims[0]);
  }

  #learnDeclared({ name, type }: OnnxValueInfo): void {
    // A sequence or a map has no tensor type, whatever our types say.
    const shape = type?.tensorType?.shape;
    if (!shape || this.#ranks.has(name)) return;
    this.#ranks.set(name, shape.dim.length);
    const [first] = shape.dim;
    if (shape.dim.length === 1 && first?.dimValue) this.#lengths.set(name, first.dimValue);
  }

  #learnNode(node: OnnxNode, place: number): void {
    const reads = listReads(node);
    const isFed = reads.some((name) => this.#fed.has(name));
    const fedReads = reads.filter((name) => this.#fed.has(name));
    const isShape =
      node.opType === "Shape" ||
      (SHAPE_ARITHMETIC.has(node.opType) && isFed && fedReads.every((it) => this.#shapes.has(it)));
    const rank = this.#inferRank(node);
    const length = this.#inferLength(node);
    for (const name of reads) {
      const readers = this.#readers.get(name);
      if (readers) readers.push(node);
      else this.#readers.set(name, [node]);
    }
    for (const name of node.output) {
      if (name === "") continue;
      this.#producers.set(name, place);
      if (isFed) this.#fed.add(name);
      if (isShape) this.#shapes.add(name);
      if (rank !== undefined) this.#ranks.set(name, rank);
      if (length !== undefined) this.#lengths.set(name, length);
    }
  }

  #inferRank(node: OnnxNode): number | undefined {
    const [first = "", second = ""] = node.input;
    const rank = this.#ranks.get(first);
    if (RANK_OF_FIRST.has(node.opType)) return rank;
    if (RANK_OF_LARGEST.has(node.opType)) {
      const ranks = node.input.filter((it) => it !== "").map((it) => this.#ranks.get(it));
      return ranks.includes(undefined) ? undefined : Math.max(...ranks.map((it) => it ?? 0));
    }
    switch (node.opType) {
      case "Shape":
        return 1;
      case "Constant":
        return findAttribute(node, "value")?.t?.dims.length;
      case "Gemm":
        return 2;
      case "GroupQueryAttention":
      case "MultiHeadAttention":
        return 3;
      case "Gather":
      case "GatherBlockQuantized": {
        const indexRank = this.#ranks.get(second);
        return rank === undefined || indexRank === undefined ? undefined : rank - 1 + indexRank;
      }
      case "ReduceMax":
      case "ReduceMin":
      case "ReduceSum":
      case "ReduceMean":
        if (findAttribute(node, "keepdims")?.i !== 0) return rank;
        // Over one axis or several: only the former is of use to anyone here.
        return rank !== undefined && this.#lengths.get(second) === 1 ? rank - 1 : undefined;
      case "Unsqueeze": {
        const axes = findAttribute(node, "axes")?.ints?.length ?? this.#lengths.get(second);
        return rank === undefined || axes === undefined ? undefined : rank + axes;
      }
      case "Reshape":
      case "ConstantOfShape":
        return this.#lengths.get(node.opType === "Reshape" ? second : first);
      default:
        return undefined;
    }
  }

  #inferLength(node: OnnxNode): number | undefined {
    const [first = ""] = node.input;
    switch (node.opType) {
      case "Shape":
        return findAttribute(node, "start") || findAttribute(node, "end")
          ? undefined
          : this.#ranks.get(first);
      case "Constant": {
        const dims = findAttribute(node, "value")?.t?.dims;
        return dims?.length === 1 ? dims[0] : undefined;
      }
      case "Unsqueeze":
        return this.#ranks.get(first) === 0 ? 1 : undefined;
      case "Cast":
      case "Identity":
        return this.#lengths.get(first);
      case "Concat": {
        const lengths = node.input.map((it) => this.#lengths.get(it));
        return lengths.includes(undefined)
          ? undefined
          : lengths.reduce<number>((sum, it) => sum + (it ?? 0), 0);
      }
      default:
        return undefined;
    }
  }
}
