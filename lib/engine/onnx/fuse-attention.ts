import type { Attention } from "./find-attentions";
import { listReads } from "./graph-index";
import {
  ATTRIBUTE_TYPE,
  ELEMENT_TYPE,
  type OnnxGraph,
  type OnnxModel,
  type OnnxNode,
} from "./onnx-model";
import { makeIntegerAttribute, makeIntegers, makeNode } from "./onnx-parts";
import { renameValues } from "./rename-values";

/** What GroupQueryAttention has to be told; neither the graph nor its operators say it all. */
export type AttentionShape = {
  headCount: number;
  kvHeadCount: number;
  headSize: number;
  /** Factor of the product of a query and a key. */
  scale: number;
};

const MICROSOFT = "com.microsoft";
/** Names within the graph that are ours, where no exporter's can be. */
const own = (name: string) => `parley/${name}`;
const MASK = "attention_mask";
/**
 * Input, int64 [B, total]: ours, where positions are counted by the mask. New tokens stand at its end, behind as many
 * places as the longest row has tokens, of which each row fills its first ones.
 */
export const PLACED_MASK = "placed_mask";
const IDS = "input_ids";
const NAMES = {
  one: own("one"),
  lastPositions: own("last_positions"),
  totalLength: own("total_length"),
  toRows: own("to_rows"),
  toHeads: own("to_heads"),
  total: own("total"),
  pastLength: own("past_length"),
  batch: own("batch"),
} as const;

/**
 * Puts one GroupQueryAttention in the place of each attention, so that keys and values are written where
 * they lie. What only the old attentions needed is dropped: masks, repeated heads, sums of lengths. Where something
 * else asks how long the past is, it is told by the mask, since memory is longer than what lies in it.
 *
 * @returns the graph, or why it cannot be had: the end of a sentence about it.
 */
export function fuseAttentions(
  model: OnnxModel,
  attentions: readonly Attention[],
  shape: AttentionShape,
): OnnxModel | string {
  const { graph } = model;
  const places = new Map(attentions.map((it) => [it.last, it]));
  const joins = new Set(attentions.flatMap((it) => [it.present.key, it.present.value]));
  // What still looks at the mask counts tokens in it up to the new ones, so it gets one that ends with them.
  const others = renameValues(graph, new Map([[MASK, PLACED_MASK]]));
  const node = [
    ...listLengths(model),
    ...graph.node.flatMap((it, at) => {
      const attention = places.get(it);
      if (attention) return fuse(attention, shape);
      // Their present comes from the new operator.
      return it.output.some((name) => joins.has(name))
        ? []
        : [measureByMask(others[at] ?? it, attentions)];
    }),
  ].flat();
  const kept = dropUnused(graph, node);
  const isPlacedRead = kept.some((it) => listReads(it).includes(PLACED_MASK));
  const mask = graph.input.find((it) => it.name === MASK);
  const fused: OnnxGraph = {
    ...graph,
    node: kept,
    input: [...graph.input, ...(isPlacedRead && mask ? [{ ...mask, name: PLACED_MASK }] : [])],
    initializer: [...graph.initializer, ...listConstants(shape)],
  };
  const complaint = explainReads(fused, attentions);
  if (complaint !== undefined) return complaint;
  const isKnown = model.opsetImport.some((it) => it.domain === MICROSOFT);
  const opsetImport = isKnown
    ? model.opsetImport
    : [...model.opsetImport, { domain: MICROSOFT, version: 1 }];
  return { ...model, opsetImport, graph: fused };
}

/** From here on ReduceSum takes its axes as an input, before only as an attribute. */
const AXES_INPUT_OPSET = 13;

/** What GroupQueryAttention wants to know of lengths, from the mask. */
function listLengths({ opsetImport }: OnnxModel): OnnxNode[] {
  const opset = opsetImport.find((it) => it.domain === "" || it.domain === "ai.onnx")?.version;
  const takesAxes = (opset ?? AXES_INPUT_OPSET) >= AXES_INPUT_OPSET;
  const lengths = own("lengths");
  const last = own("last");
  const shape = own("mask_shape");
  const idsShape = own("ids_shape_whole");
  const newLength = own("new_length");
  const to = (type: number) => [makeIntegerAttribute("to", type)];
  return [
    makeNode("ReduceSum", {
      input: takesAxes ? [MASK, NAMES.one] : [MASK],
      output: [lengths],
      attribute: [
        makeIntegerAttribute("keepdims", 0),
        ...(takesAxes ? [] : [{ name: "axes", type: ATTRIBUTE_TYPE.ints, ints: [1] }]),
      ],
    }),
    makeNode("Sub", { input: [lengths, NAMES.one], output: [last] }),
    makeNode("Cast", {
      input: [last],
      output: [NAMES.lastPositions],
      attribute: to(ELEMENT_TYPE.int32),
    }),
    makeNode("Shape", { input: [MASK], output: [shape] }),
    makeNode("Gather", { input: [shape, NAMES.one], output: [NAMES.total] }),
    makeNode("Cast", {
      input: [NAMES.total],
      output: [NAMES.totalLength],
      attribute: to(ELEMENT_TYPE.int32),
    }),
    makeNode("Shape", { input: [IDS], output: [idsShape] }),
    makeNode("Gather", { input: [idsShape, NAMES.one], output: [newLength] }),
    makeNode("Gather", { input: [idsShape, own("zero")], output: [NAMES.batch] }),
    makeNode("Sub", { input: [NAMES.total, newLength], output: [NAMES.pastLength] }),
  ];
}

function listConstants({ headCount, kvHeadCount, headSize }: AttentionShape) {
  return [
    makeIntegers(NAMES.one, [1]),
    makeIntegers(own("zero"), [0]),
    makeIntegers(NAMES.toRows, [0, 0, -1]),
    makeIntegers(NAMES.toHeads, [0, 0, headCount, headSize]),
    makeIntegers(own("kv_head_count"), [kvHeadCount]),
    makeIntegers(own("head_size"), [headSize]),
  ];
}

function fuse(attention: Attention, shape: AttentionShape): OnnxNode[] {
  const { layer, past, present, last } = attention;
  const name = (part: string) => own(`layer_${layer}/${part}`);
  const [result = ""] = last.output;
  const parts = [attention.query, attention.key, attention.value];
  const isByHeads = attention.shape === "heads";
  const rows = ["query", "key", "value"].map((part, at) =>
    isByHeads ? name(part) : (parts[at] ?? ""),
  );
  const attended = isByHeads ? name("attended") : result;
  const before = isByHeads ? rows.flatMap((row, at) => toRows(parts[at] ?? "", row)) : [];
  const node: OnnxNode = {
    opType: "GroupQueryAttention",
    domain: MICROSOFT,
    name: name("attention"),
    input: [...rows, past.key, past.value, NAMES.lastPositions, NAMES.totalLength],
    output: [attended, present.key, present.value],
    attribute: [
      makeIntegerAttribute("num_heads", shape.headCount),
      makeIntegerAttribute("kv_num_heads", shape.kvHeadCount),
      { name: "scale", type: ATTRIBUTE_TYPE.float, f: shape.scale },
    ],
  };
  if (!isByHeads) return [node];
  const after = [
    makeNode("Reshape", { input: [attended, NAMES.toHeads], output: [name("heads")] }),
    makeNode("Transpose", { input: [name("heads")], output: [result], attribute: [SWAP] }),
  ];
  return [...before, node, ...after];
}

const SWAP = { name: "perm", type: ATTRIBUTE_TYPE.ints, ints: [0, 2, 1, 3] };

/** `[batch, heads, sequence, size]` as `[batch, sequence, heads · size]`. */
function toRows(from: string, to: string): OnnxNode[] {
  const turned = `${to}/turned`;
  return [
    makeNode("Transpose", { input: [from], output: [turned], attribute: [SWAP] }),
    makeNode("Reshape", { input: [turned, NAMES.toRows], output: [to] }),
  ];
}

/** A node that asks for the dimensions of a past or a present gets those of the tokens in it. */
function measureByMask(node: OnnxNode, attentions: readonly Attention[]): OnnxNode {
  const [asked = ""] = node.input;
  if (node.opType !== "Shape" || (node.attribute ?? []).length > 0) return node;
  const isPast = attentions.some(({ past }) => past.key === asked || past.value === asked);
  const isPresent = attentions.some(
    ({ present }) => present.key === asked || present.value === asked,
  );
  if (!isPast && !isPresent) return node;
  return makeNode("Concat", {
    input: [
      NAMES.batch,
      own("kv_head_count"),
      isPast ? NAMES.pastLength : NAMES.total,
      own("head_size"),
    ],
    output: node.output,
    attribute: [makeIntegerAttribute("axis", 0)],
  });
}

/** The nodes that an output of the graph depends on. */
function dropUnused(graph: OnnxGraph, nodes: readonly OnnxNode[]): OnnxNode[] {
  const wanted = new Set(graph.output.map((it) => it.name));
  const kept = new Set<OnnxNode>();
  for (const node of nodes.toReversed()) {
    if (!node.output.some((name) => wanted.has(name))) continue;
    kept.add(node);
    for (const name of listReads(node)) wanted.add(name);
  }
  return nodes.filter((it) => kept.has(it));
}

/** Who but the new operators still looks at caches would see other ones than before. */
function explainReads(graph: OnnxGraph, attentions: readonly Attention[]): string | undefined {
  const watched = new Set(
    attentions.flatMap(({ past, present }) => [past.key, past.value, present.key, present.value]),
  );
  for (const node of graph.node) {
    if (node.opType === "GroupQueryAttention") continue;
    const read = listReads(node).find((name) => watched.has(name));
    if (read) return `its ${node.opType} reads ${read} besides the attention`;
  }
  return undefined;
}
