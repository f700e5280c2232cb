import { findAttribute, GraphIndex } from "./graph-index";
import type { OnnxGraph, OnnxNode, OnnxTensor } from "./onnx-model";

/**
 * The end of a decoder graph: what lies between the last layer and the logits. It works on each
 * position by itself, so it may be given fewer positions than the layers were.
 */
export type GraphHead = {
  /** The value of shape [batch, sequence, width] through which alone the logits depend on the input. */
  cut: string;
  /** What runs between the cut and the logits. */
  nodes: ReadonlySet<OnnxNode>;
  /**
   * The last Reshape, when it takes [batch, sequence, …] from somewhere else in the graph, where the
   * sequence has all its positions. It has to be told their number anew.
   */
  reshape: OnnxNode | undefined;
  /** Rows of the head's weight, so the number of tokens; undefined when no weight tells. */
  vocabularySize: number | undefined;
};

/** Operators that treat each position by itself, whatever else they are given. */
const BY_POSITION = new Set([
  ...["Cast", "Identity", "Add", "Sub", "Mul", "Div", "Max", "Min", "Tanh", "Abs", "Reshape"],
  ...["QuantizeLinear", "DequantizeLinear", "DynamicQuantizeLinear", "Shape", "ConstantOfShape"],
]);
/** The same, times a weight. */
const WEIGHTED = new Set([
  ...["MatMul", "FusedMatMul", "Gemm", "MatMulNBits", "MatMulInteger", "MatMulIntegerToFloat"],
  ...["DynamicQuantizeMatMul", "QLinearMatMul"],
]);
const REDUCTIONS = new Set(["ReduceMax", "ReduceMin", "ReduceSum", "ReduceMean"]);

/**
 * Walks back from the logits, last node first, until everything that was found hangs on a single
 * value of rank 3 with a weight behind it. Norms are not walked through: the value after the last one
 * is the first that fits, and in front of a norm there would be nothing to save.
 *
 * @returns the head, or why there is none: the end of a sentence about the graph.
 */
export function findGraphHead(graph: OnnxGraph, logits: string): GraphHead | string {
  const index = new GraphIndex(graph);
  const nodes = new Set<OnnxNode>();
  const open = new Set([logits]);
  let vocabularySize: number | undefined;
  let isWeighted = false;
  let reshape: OnnxNode | undefined;
  while (open.size > 0) {
    const [only = ""] = open;
    if (open.size === 1 && isWeighted && isCut(index, only, nodes)) {
      const complaint = explainCut(index, only) ?? findLeak(index, nodes, logits);
      return complaint ?? { cut: only, nodes, reshape, vocabularySize };
    }
    const node = popLast(index, open);
    if (!node) return "its logits hang on more than one value of the last layer";
    const complaint = explainMixing(index, node);
    if (complaint) return complaint;
    if (WEIGHTED.has(node.opType) && !isWeighted) {
      isWeighted = true;
      vocabularySize = readWidth(index, node);
    }
    const [data = "", shape = ""] = node.input;
    const isLastReshape = node.opType === "Reshape" && !reshape && index.isFed(shape);
    if (isLastReshape && index.findRank(logits) === 3) reshape = node;
    nodes.add(node);
    for (const name of node.output) open.delete(name);
    for (const name of node === reshape ? [data] : node.input) {
      if (index.isFed(name)) open.add(name);
    }
  }
  return "its logits depend on no input";
}

/** A rank that the layers hide is that of the logits, unless something between changes it. */
function isCut(index: GraphIndex, name: string, nodes: ReadonlySet<OnnxNode>): boolean {
  if (index.isShape(name)) return false;
  const rank = index.findRank(name);
  if (rank !== undefined) return rank === 3;
  const isReshaped = [...nodes].some((it) => ["Reshape", "Unsqueeze", "Gemm"].includes(it.opType));
  const outputRank = [...nodes][0]?.output.map((it) => index.findRank(it))[0];
  return !isReshaped && outputRank === 3;
}

/** A graph that picks positions itself leaves none to choose from. */
function explainCut(index: GraphIndex, cut: string): string | undefined {
  const producer = index.findProducer(cut);
  const isPicked = producer && ["Slice", "Gather"].includes(producer.opType);
  if (!isPicked || index.findRank(producer.input[0] ?? "") !== 3) return undefined;
  return `its ${producer.opType} before the logits picks positions already`;
}

/** The last node that writes one of the open values; undefined when one of them is an input. */
function popLast(index: GraphIndex, open: ReadonlySet<string>): OnnxNode | undefined {
  let last = -1;
  for (const name of open) {
    const place = index.findProducerPlace(name);
    if (place === undefined) return undefined;
    last = Math.max(last, place);
  }
  return index.graph.node[last];
}

/** Whether a node could carry something from one position to another, in words. */
function explainMixing(index: GraphIndex, node: OnnxNode): string | undefined {
  const { opType, input } = node;
  const fed = input.filter((name) => index.isFed(name));
  if (fed.every((name) => index.isShape(name))) return undefined;
  if (BY_POSITION.has(opType)) return undefined;
  if (WEIGHTED.has(opType)) {
    const weight = input[opType === "QLinearMatMul" ? 3 : 1];
    return weight !== undefined && !index.isFed(weight)
      ? undefined
      : `the weight of its ${opType} before the logits is computed from the input`;
  }
  const axes = readAxes(index, node);
  const rank = index.findRank(input[0] ?? "");
  const isLast = axes?.length === 1 && (axes[0] === -1 || (rank && axes[0] === rank - 1));
  if (REDUCTIONS.has(opType) && isLast) return undefined;
  // A scale a token: its list becomes a column.
  if (opType === "Unsqueeze" && axes?.length === 1 && (axes[0] === -1 || axes[0] === rank)) {
    return undefined;
  }
  return `its ${opType} between the last layer and the logits is not one that treats every position by itself`;
}

function readAxes(index: GraphIndex, node: OnnxNode): number[] | undefined {
  const asAttribute = findAttribute(node, "axes")?.ints;
  if (asAttribute && asAttribute.length > 0) return asAttribute;
  const tensor = findConstant(index, node.input[1] ?? "");
  return tensor && readIntegers(tensor);
}

function findConstant(index: GraphIndex, name: string): OnnxTensor | undefined {
  const producer = index.findProducer(name);
  if (producer?.opType === "Constant") return findAttribute(producer, "value")?.t;
  return index.findInitializer(name);
}

/** The values of a small int64 tensor, in whichever field they were written. */
function readIntegers(tensor: OnnxTensor): number[] {
  if (tensor.int64Data && tensor.int64Data.length > 0) return tensor.int64Data;
  const { rawData } = tensor;
  if (!rawData) return [];
  const view = new DataView(rawData.buffer, rawData.byteOffset, rawData.byteLength);
  return Array.from({ length: rawData.byteLength / 8 }, (_, at) =>
    Number(view.getBigInt64(at * 8, true)),
  );
}

/** How many columns the product has. */
function readWidth(index: GraphIndex, node: OnnxNode): number | undefined {
  const stated = findAttribute(node, "N")?.i;
  if (stated !== undefined) return stated;
  const isTransposed = findAttribute(node, "transB")?.i === 1;
  const name = node.input[node.opType === "QLinearMatMul" ? 3 : 1] ?? "";
  const producer = index.findProducer(name);
  if (producer?.opType === "Transpose") {
    return index.findInitializer(producer.input[0] ?? "")?.dims.at(isTransposed ? -1 : 0);
  }
  if (producer?.opType === "DequantizeLinear" || producer?.opType === "Cast") {
    return index.findInitializer(producer.input[0] ?? "")?.dims.at(isTransposed ? 0 : -1);
  }
  return index.findInitializer(name)?.dims.at(isTransposed ? 0 : -1);
}

/** What else reads a value of the head would see fewer positions than the exporter meant. */
function findLeak(
  index: GraphIndex,
  nodes: ReadonlySet<OnnxNode>,
  logits: string,
): string | undefined {
  for (const node of nodes) {
    for (const name of node.output) {
      const isOutput = name !== logits && index.isGraphOutput(name);
      if (isOutput || index.readersOf(name).some((reader) => !nodes.has(reader))) {
        return `its ${name || node.opType} is read elsewhere too`;
      }
    }
  }
  return undefined;
}
