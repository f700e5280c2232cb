import { type CacheNames, listCaches } from "./cache-names";
import { findAttribute, GraphIndex, listReads } from "./graph-index";
import type { OnnxGraph, OnnxNode } from "./onnx-model";

/** One layer's attention over a past that grows. */
export type Attention = {
  layer: string;
  /** Values of this pass: `[batch, heads, sequence, size]`, or `[batch, sequence, heads · size]`. */
  query: string;
  key: string;
  value: string;
  shape: "heads" | "rows";
  past: { key: string; value: string };
  present: { key: string; value: string };
  /** The node that gives what is attended to, as its first output, in the shape of the query. */
  last: OnnxNode;
};

/** What stands between keys or values and their product without mixing tokens. */
const LAYOUT = new Set([
  ...["Unsqueeze", "Expand", "Reshape", "Identity", "Cast", "Transpose", "Tile", "Mul", "Div"],
]);
/** What stands between scores and weights. */
const SCORING = new Set([
  ...["Softmax", "Add", "Where", "Mul", "Div", "Cast", "Identity", "Dropout", "IsNaN", "Max"],
]);
/** Where MultiHeadAttention has its parts. */
const MULTI_HEAD = { past: { key: 6, value: 7 }, present: { key: 1, value: 2 } } as const;

/**
 * The attention of every layer, found from its cache: new keys and values are what is joined to the past, and
 * the query is what the keys are multiplied with. Whether it computes what it seems to is for others to try.
 *
 * @returns the attentions, or why they are not what this looks for: the end of a sentence about the graph.
 */
export function findAttentions(graph: OnnxGraph): Attention[] | string {
  const index = new GraphIndex(graph);
  const caches = listCaches(graph);
  const attentions: Attention[] = [];
  for (const key of caches.filter((it) => it.kind === "key")) {
    const value = caches.find((it) => it.layer === key.layer && it.kind === "value");
    if (!value) return `its layer ${key.layer} has keys without values`;
    const found = findMultiHead(index, key, value) ?? findPlain(index, key, value);
    if (typeof found === "string") return found;
    attentions.push(found);
  }
  return attentions.length > 0 ? attentions : "it has no cache";
}

function findMultiHead(
  index: GraphIndex,
  key: CacheNames,
  value: CacheNames,
): Attention | string | undefined {
  const node = index.findProducer(key.present);
  if (node?.opType !== "MultiHeadAttention") return undefined;
  const { past, present } = MULTI_HEAD;
  const isWhole =
    node.input[past.key] === key.past &&
    node.input[past.value] === value.past &&
    node.output[present.key] === key.present &&
    node.output[present.value] === value.present;
  const [query = "", newKey = "", newValue = "", bias = ""] = node.input;
  if (!isWhole || [query, newKey, newValue].includes("") || bias !== "") {
    return `the MultiHeadAttention of its layer ${key.layer} is packed in a way that is not known`;
  }
  return {
    ...toAttention(key, value),
    query,
    key: newKey,
    value: newValue,
    shape: "rows",
    last: node,
  };
}

function toAttention(key: CacheNames, value: CacheNames) {
  return {
    layer: key.layer,
    past: { key: key.past, value: value.past },
    present: { key: key.present, value: value.present },
  };
}

function findPlain(index: GraphIndex, key: CacheNames, value: CacheNames): Attention | string {
  const keys = findJoined(index, key);
  const values = findJoined(index, value);
  if (!keys || !values) return `the past of its layer ${key.layer} is not joined by a Concat`;
  const scores = findProduct(index, keys.whole);
  const last = findProduct(index, values.whole);
  const [query = ""] = scores?.input ?? [];
  const [weights = ""] = last?.input ?? [];
  const ranks = [query, keys.news, values.news].map((it) => index.findRank(it) ?? 4);
  if (ranks.some((it) => it !== 4))
    return `the heads of its layer ${key.layer} have no axis of their own`;
  const hasParts = scores && last && scores !== last && isWeighedBy(index, weights, scores);
  if (!hasParts) {
    return `the attention of its layer ${key.layer} is no pair of products around a Softmax`;
  }
  const parts = { query, key: keys.news, value: values.news };
  return { ...toAttention(key, value), ...parts, shape: "heads", last };
}

/** What is put behind the past, token by token, and both together. */
function findJoined(
  index: GraphIndex,
  { past, present }: CacheNames,
): { news: string; whole: string } | undefined {
  const producer = index.findProducer(present);
  const isCopied = producer?.opType === "Identity";
  const node = isCopied ? index.findProducer(producer.input[0] ?? "") : producer;
  if (node?.opType !== "Concat") return undefined;
  const axis = findAttribute(node, "axis")?.i;
  const [first, news, ...others] = node.input;
  const [whole] = node.output;
  const isJoin = first === past && others.length === 0 && (axis === 2 || axis === -2);
  return isJoin && news && whole ? { news, whole } : undefined;
}

/** The one product whose second factor is the value, laid out in whatever way. */
function findProduct(index: GraphIndex, name: string): OnnxNode | undefined {
  const seen = new Set([name]);
  const products = new Set<OnnxNode>();
  for (const it of seen) {
    for (const reader of index.readersOf(it)) {
      if (reader.opType === "MatMul" && reader.input[1] === it) products.add(reader);
      else if (LAYOUT.has(reader.opType)) for (const output of reader.output) seen.add(output);
    }
  }
  const [product, ...others] = products;
  return others.length === 0 ? product : undefined;
}

/** Whether `weights` are the scores after one Softmax and nothing that is not known. */
function isWeighedBy(index: GraphIndex, weights: string, scores: OnnxNode): boolean {
  const seen = new Set([weights]);
  const softmaxes = new Set<OnnxNode>();
  let isReached = false;
  for (const name of seen) {
    const producer = index.findProducer(name);
    if (producer === scores) isReached = true;
    if (!producer || producer === scores || !SCORING.has(producer.opType)) continue;
    if (producer.opType === "Softmax") softmaxes.add(producer);
    for (const input of listReads(producer)) seen.add(input);
  }
  return isReached && softmaxes.size === 1;
}
