import { listCaches, readCacheNames } from "./cache-names";
import { findAttribute, listReads } from "./graph-index";
import { ELEMENT_TYPE, type OnnxGraph, type OnnxModel, type OnnxNode } from "./onnx-model";
import type { RewrittenGraph } from "./rewrite-graph";

/** What the engine has to know about a graph and the loaded session cannot tell. */
export type GraphFacts = {
  /**
   * Whether every key and value goes through GroupQueryAttention from a past input straight to a
   * present output. Then one block of memory can be bound as both, and is written in place.
   */
  isInPlaceKv: boolean;
  /** Whether that is so because its own attention was replaced. */
  isFused?: boolean;
  /** Why it could not be replaced, where it grows its cache: the end of a sentence about the graph. */
  fusionRefusal?: string;
  /** Whether that is because its attention does not see tokens that are far enough back. */
  isWindowed?: boolean;
  /**
   * Whether something besides the attention chooses by the mask, as by how wide it is: then the longest row of a pass
   * may change what the others get.
   */
  choosesByMask?: boolean;
  /** An operator through which what a row gets depends on the other rows of a pass, if there is one. */
  batchDependentOperator: string | undefined;
  /** What the products' weights are, as the hub would name it. */
  weightForm: string;
  /** Whether the graph takes `logits_positions` and gives float32 logits of those alone. */
  hasLogitsPositions: boolean;
  vocabularySize: number | undefined;
  /** Entries of `top_values` and `top_ids`; undefined when the graph has no such outputs. */
  topCount: number | undefined;
  /** Ids summed in one entry of `block_sums`; undefined when the graph has no such output. */
  blockSize: number | undefined;
  /** Why the graph was left as it is: the end of a sentence about it. */
  refusal: string | undefined;
};

const ATTENTION = "GroupQueryAttention";
/** Where GroupQueryAttention reads the past and writes the present. */
const CACHE_PLACES = [
  { kind: "key", input: 3, output: 1 },
  { kind: "value", input: 4, output: 2 },
] as const;
/**
 * Each takes one scale from all activations of a pass, so a row's rounding depends on the others.
 * Scales by token come from other operators (ReduceMax over the last axis, QuantizeLinear by rows).
 */
const ONE_SCALE_FOR_ALL = new Set(["DynamicQuantizeLinear", "DynamicQuantizeMatMul"]);

/** Reads the facts from the graph as published; what the rewrite added comes from its own result. */
export function readGraphFacts(model: OnnxModel, rewritten: RewrittenGraph): GraphFacts {
  const { graph } = model;
  const nodes = listNodes(graph);
  const culprit = nodes.find((it) => ONE_SCALE_FOR_ALL.has(it.opType));
  return {
    isInPlaceKv: isInPlaceKv(graph),
    batchDependentOperator: culprit?.opType,
    weightForm: readWeightForm(graph, nodes),
    hasLogitsPositions: rewritten.head !== undefined,
    vocabularySize: rewritten.head?.vocabularySize,
    topCount: rewritten.head?.topCount,
    blockSize: rewritten.head?.blockSize,
    refusal: rewritten.refusal,
  };
}

const CHOICES = new Set([
  ...["If", "Where", "Equal", "Greater", "GreaterOrEqual", "Less", "LessOrEqual", "Min", "Max"],
]);

/** Whether `masks` lead to a choice on a way that does not go through the attention, which only counts with them. */
export function choosesByMask(graph: OnnxGraph, masks: readonly string[]): boolean {
  const reached = new Set(masks);
  for (const node of graph.node) {
    if (node.opType === ATTENTION || !listReads(node).some((name) => reached.has(name))) continue;
    if (CHOICES.has(node.opType)) return true;
    for (const name of node.output) reached.add(name);
  }
  return false;
}

function readWeightForm(graph: OnnxGraph, nodes: readonly OnnxNode[]): string {
  const isHalf = graph.initializer.some((it) => it.dataType === ELEMENT_TYPE.float16);
  const blocks = nodes.find((it) => it.opType === "MatMulNBits");
  // Without the attribute the operator takes four.
  if (blocks) return `q${findAttribute(blocks, "bits")?.i ?? 4}${isHalf ? "f16" : ""}`;
  if (nodes.some((it) => it.opType.startsWith("MatMulInteger"))) return "int8";
  return isHalf ? "fp16" : "fp32";
}

function listNodes(graph: OnnxGraph): OnnxNode[] {
  return graph.node.flatMap((node) => [
    node,
    ...(node.attribute ?? []).flatMap((it) => (it.g ? listNodes(it.g) : [])),
  ]);
}

/** Whether the graph as it is writes its cache where it lies. */
export function isInPlaceKv(graph: OnnxGraph): boolean {
  const nodes = listNodes(graph);
  const pasts = listCaches(graph).map((it) => it.past);
  const outputs = new Set(graph.output.map((it) => it.name));
  return pasts.length > 0 && pasts.every((past) => isWrittenInPlace(past, nodes, outputs));
}

function isWrittenInPlace(
  past: string,
  nodes: readonly OnnxNode[],
  outputs: ReadonlySet<string>,
): boolean {
  const names = readCacheNames(past);
  const place = CACHE_PLACES.find((it) => it.kind === names?.kind);
  const [reader, ...others] = nodes.filter((node) => listReads(node).includes(past));
  return (
    place !== undefined &&
    names !== undefined &&
    reader?.opType === ATTENTION &&
    others.length === 0 &&
    reader.input[place.input] === past &&
    reader.output[place.output] === names.present &&
    outputs.has(names.present)
  );
}
