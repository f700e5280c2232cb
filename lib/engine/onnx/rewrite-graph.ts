import { findGraphHead, type GraphHead } from "./graph-head";
import { ELEMENT_TYPE, type OnnxGraph, type OnnxModel, type OnnxNode } from "./onnx-model";
import {
  makeGraphAttribute,
  makeIntegerAttribute,
  makeIntegers,
  makeNode,
  makeValue,
} from "./onnx-parts";
import { renameValues } from "./rename-values";

/** Names of what the rewrite adds; `logits` keeps its name and changes its shape and type. */
export const ADDED = {
  /** Input, int64 [P]: which of the new positions get logits. */
  logitsPositions: "logits_positions",
  /** Outputs, float32 and int64 [B, P, top]: the best tokens, best first, equal ones by id. */
  topValues: "top_values",
  topIds: "top_ids",
  /** Inputs, bool [1] and float32 [B], and the output, float32 [B, P, blocks]. */
  wantsBlockSums: "wants_block_sums",
  inverseTemperatures: "inverse_temperatures",
  blockSums: "block_sums",
} as const;

/** Raised whenever a rewritten graph comes out differently, so that kept ones are not taken for it. */
export const REWRITE_VERSION = 10;

const LOGITS = "logits";
/** What the sampler looks through before it needs the whole row. */
const TOP_COUNT_MAX = 64;
const BLOCK_SIZE_MIN = 64;
const BLOCK_SIZE_MAX = 2048;
/** From here on ReduceSum and Unsqueeze take their axes as inputs, as the added nodes write them. */
const OPSET_MIN = 13;

export type HeadFacts = {
  vocabularySize: number;
  topCount: number;
  /** Consecutive ids summed in one block; the last block may have fewer. */
  blockSize: number;
};

export type RewrittenGraph = {
  model: OnnxModel;
  /** What was added; undefined when the graph was left whole. */
  head: HeadFacts | undefined;
  /** Why it was left whole: the end of a sentence about the graph. */
  refusal: string | undefined;
};

/**
 * Cost at a vocabulary of 151,936, one position, in ms (onnxruntime 1.30.0, 2 threads of a shared
 * machine, least of 25 interleaved runs, since other work on it reaches into the medians):
 *
 *     rows                                              1     8    16
 *     TopK 64, sorted                                 0.09  0.38  1.34
 *     TopK 64, not sorted                             0.09  0.52  1.28
 *     ArgMax alone                                    0.15  0.55  2.11
 *     ReduceMax by block, TopK of the blocks          0.04  0.22  0.44
 *     block sums: Sub, Mul, Exp, ReduceSum            0.14  0.60  1.51
 *     block sums: Mul, Softmax, ReduceSum             0.13  0.66  2.45
 *     block sums: ReduceLogSumExp (median)            0.71   120   333
 *     `If` with the sums, wanted                      0.14  0.93  2.80
 *     `If` with the sums, not wanted                  0.03  0.05  0.07
 *     reading the logits and doing nothing            0.03  0.04  0.07
 *
 * So greedy and sampled rows share TopK (ArgMax costs more), the `If` costs nothing when no row wants
 * sums, and the sums stay in four plain operators. Finding blocks first would halve TopK, by 0.2 ms
 * of a step of some 45 at 8 rows, and take five operators more: not done.
 *
 * Logits that are NaN throughout (a layer that overflowed) give a top list that begins with NaN.
 * At least one position has to be asked for: with none, TopK divides by zero and ends the process.
 *
 * Not rewritten: Sigmoid and Mul into one operator, which onnxruntime's own optimiser does (it makes
 * QuickGelu of them).
 */

/**
 * Adds to a decoder graph what a sampler would otherwise do in JavaScript, or have copied for
 * nothing. The model that is given stays as it is; weights are shared with it.
 */
export function rewriteGraph(model: OnnxModel): RewrittenGraph {
  const leave = (refusal: string): RewrittenGraph => ({
    ...{ model: widenLogits(model), head: undefined, refusal },
  });
  const { graph } = model;
  const opset = model.opsetImport.find((it) => it.domain === "" || it.domain === "ai.onnx");
  if (!opset || opset.version < OPSET_MIN)
    return leave(`it is written in ONNX before ${OPSET_MIN}`);
  const taken = findTakenName(graph);
  if (taken !== undefined) return leave(`it has a value named ${taken} of its own`);
  const logits = graph.output.find((it) => it.name === LOGITS);
  if (!logits) return leave("it has no logits");
  if (logits.type.tensorType.shape?.dim[1]?.dimValue === 1) {
    return leave("it gives logits of one position already");
  }
  const head = findGraphHead(graph, LOGITS);
  if (typeof head === "string") return leave(head);
  const stated = logits.type.tensorType.shape?.dim.at(-1)?.dimValue;
  const vocabularySize = stated ?? head.vocabularySize;
  if (!vocabularySize) return leave("neither its logits nor its last weight tell the vocabulary");
  const facts = {
    vocabularySize,
    topCount: Math.min(TOP_COUNT_MAX, vocabularySize),
    blockSize: pickBlockSize(vocabularySize),
  };
  const elementType = logits.type.tensorType.elemType;
  return {
    model: { ...model, graph: buildGraph(graph, head, { ...facts, elementType }) },
    head: facts,
    refusal: undefined,
  };
}

/** Logits in single precision, which is all that samplers read, also where the head is left whole. */
function widenLogits(model: OnnxModel): OnnxModel {
  const { graph } = model;
  const logits = graph.output.find((it) => it.name === LOGITS);
  const { elemType, shape } = logits?.type?.tensorType ?? {};
  const isNarrow = elemType === ELEMENT_TYPE.float16 || elemType === ELEMENT_TYPE.bfloat16;
  const isMade = graph.node.some((it) => it.output.includes(LOGITS));
  if (!isNarrow || !isMade) return model;
  const dims = (shape?.dim ?? []).map((it) => it.dimValue ?? it.dimParam ?? "");
  const attribute = [makeIntegerAttribute("to", ELEMENT_TYPE.float32)];
  return {
    ...model,
    graph: {
      ...graph,
      node: [
        ...renameValues(graph, new Map([[LOGITS, NAMES.logits]])),
        makeNode("Cast", { input: [NAMES.logits], output: [LOGITS], attribute }),
      ],
      output: graph.output.map((it) =>
        it.name === LOGITS ? makeValue(LOGITS, ELEMENT_TYPE.float32, dims) : it,
      ),
    },
  };
}

/**
 * The divisor of the vocabulary that makes the two lists to look through shortest together; when
 * there is none of a sensible size, the square root, and the last block is shorter.
 */
export function pickBlockSize(vocabularySize: number): number {
  if (vocabularySize <= BLOCK_SIZE_MIN) return vocabularySize;
  const cost = (size: number) => size + Math.ceil(vocabularySize / size);
  let best: number | undefined;
  for (let size = BLOCK_SIZE_MIN; size <= BLOCK_SIZE_MAX; size++) {
    if (vocabularySize % size !== 0) continue;
    if (best === undefined || cost(size) < cost(best)) best = size;
  }
  const root = Math.ceil(Math.sqrt(vocabularySize));
  return best ?? Math.min(BLOCK_SIZE_MAX, Math.max(BLOCK_SIZE_MIN, root));
}

type BuildFacts = HeadFacts & { elementType: number };

function buildGraph(graph: OnnxGraph, head: GraphHead, facts: BuildFacts): OnnxGraph {
  const { vocabularySize, topCount, blockSize } = facts;
  const blockCount = Math.ceil(vocabularySize / blockSize);
  const logits = graph.output.find((it) => it.name === LOGITS);
  const batch = logits?.type.tensorType.shape?.dim[0]?.dimParam ?? "batch_size";
  const positions = "logits_position_count";
  const { int64, float32, bool } = ELEMENT_TYPE;
  const added = [
    makeValue(ADDED.topValues, float32, [batch, positions, topCount]),
    makeValue(ADDED.topIds, int64, [batch, positions, topCount]),
    makeValue(ADDED.blockSums, float32, [batch, positions, blockCount]),
  ];
  return {
    ...graph,
    node: [...cutHead(graph, head, facts.elementType), ...buildTop(), buildBlockSums(facts)],
    initializer: [...graph.initializer, ...listConstants(facts)],
    input: [
      ...graph.input,
      makeValue(ADDED.logitsPositions, int64, [positions]),
      makeValue(ADDED.wantsBlockSums, bool, [1]),
      makeValue(ADDED.inverseTemperatures, float32, [batch]),
    ],
    output: [
      ...graph.output.map((it) =>
        it.name === LOGITS ? makeValue(LOGITS, float32, [batch, positions, vocabularySize]) : it,
      ),
      ...added,
    ],
    // What the exporter noted about the head's values speaks of all positions.
    valueInfo: (graph.valueInfo ?? []).filter(
      (it) => ![...head.nodes].some((node) => node.output.includes(it.name)),
    ),
  };
}

/** Names within the graph that are ours, where no exporter's can be. */
const own = (name: string) => `parley/${name}`;
const NAMES = {
  cut: own("cut"),
  logits: own("logits"),
  topCount: own("top_count"),
  perRow: own("per_row"),
  blocks: own("blocks"),
  lastAxis: own("last_axis"),
  padding: own("padding"),
  two: own("two"),
  zero: own("zero"),
  blockCount: own("block_count"),
  cutShape: own("cut_shape"),
  cutRows: own("cut_rows"),
  logitsShape: own("logits_shape"),
} as const;

/** The graph's own nodes, with the positions picked in front of the head and float32 after it. */
function cutHead(graph: OnnxGraph, head: GraphHead, elementType: number): OnnxNode[] {
  const isWide = elementType === ELEMENT_TYPE.float32;
  const first = graph.node.findIndex((it) => head.nodes.has(it));
  const nodes = graph.node.map((node) => {
    if (!head.nodes.has(node)) return node;
    const input = node.input.map((name) => (name === head.cut ? NAMES.cut : name));
    return {
      ...node,
      input: node === head.reshape ? [input[0] ?? "", NAMES.logitsShape] : input,
      output: node.output.map((name) => (name === LOGITS && !isWide ? NAMES.logits : name)),
    };
  });
  const gather = makeNode("Gather", {
    input: [head.cut, ADDED.logitsPositions],
    output: [NAMES.cut],
    attribute: [makeIntegerAttribute("axis", 1)],
  });
  nodes.splice(first, 0, gather, ...(head.reshape ? buildLogitsShape() : []));
  if (isWide) return nodes;
  const attribute = [makeIntegerAttribute("to", ELEMENT_TYPE.float32)];
  return [...nodes, makeNode("Cast", { input: [NAMES.logits], output: [LOGITS], attribute })];
}

/** [batch, positions asked for, what remains]. */
function buildLogitsShape(): OnnxNode[] {
  return [
    makeNode("Shape", { input: [NAMES.cut], output: [NAMES.cutShape] }),
    makeNode("Slice", {
      input: [NAMES.cutShape, NAMES.zero, NAMES.two],
      output: [NAMES.cutRows],
    }),
    makeNode("Concat", {
      input: [NAMES.cutRows, NAMES.lastAxis],
      output: [NAMES.logitsShape],
      attribute: [makeIntegerAttribute("axis", 0)],
    }),
  ];
}

function buildTop(): OnnxNode[] {
  const input = [LOGITS, NAMES.topCount];
  return [makeNode("TopK", { input, output: [ADDED.topValues, ADDED.topIds] })];
}

function listConstants({ vocabularySize, topCount, blockSize }: HeadFacts) {
  const blockCount = Math.ceil(vocabularySize / blockSize);
  const padding = blockCount * blockSize - vocabularySize;
  return [
    makeIntegers(NAMES.topCount, [topCount]),
    makeIntegers(NAMES.perRow, [-1, 1, 1]),
    makeIntegers(NAMES.blocks, [0, 0, blockCount, blockSize]),
    makeIntegers(NAMES.lastAxis, [-1]),
    ...(padding > 0 ? [makeIntegers(NAMES.padding, [0, 0, 0, 0, 0, padding])] : []),
    makeIntegers(NAMES.zero, [0]),
    makeIntegers(NAMES.two, [2]),
    makeIntegers(NAMES.blockCount, [blockCount]),
  ];
}

/**
 * Both branches give the same shape, so that the output can be bound to memory of a fixed size; the
 * zeros of the branch that sums nothing are some ten kilobytes.
 */
function buildBlockSums(facts: HeadFacts): OnnxNode {
  return makeNode("If", {
    input: [ADDED.wantsBlockSums],
    output: [ADDED.blockSums],
    attribute: [
      makeGraphAttribute("then_branch", buildSums(facts)),
      makeGraphAttribute("else_branch", buildZeros()),
    ],
  });
}

/** Σ exp((logit − highest) · inverse temperature) by block; what pads the last block adds 0. */
function buildSums({ vocabularySize, blockSize }: HeadFacts): OnnxGraph {
  const isPadded = vocabularySize % blockSize !== 0;
  const [inverse, highest, scaled] = [own("inverse"), own("highest"), own("scaled")];
  const [distance, masses, padded, blocked] = [
    own("distance"),
    own("masses"),
    own("padded"),
    own("blocked"),
  ];
  const result = own("sums");
  const axis = [makeIntegerAttribute("axis", 2)];
  return {
    name: "parley_block_sums",
    node: [
      makeNode("Reshape", {
        input: [ADDED.inverseTemperatures, NAMES.perRow],
        output: [inverse],
      }),
      makeNode("Gather", {
        input: [ADDED.topValues, NAMES.zero],
        output: [highest],
        attribute: axis,
      }),
      makeNode("Sub", { input: [LOGITS, highest], output: [distance] }),
      makeNode("Mul", { input: [distance, inverse], output: [scaled] }),
      makeNode("Exp", { input: [scaled], output: [masses] }),
      ...(isPadded ? [makeNode("Pad", { input: [masses, NAMES.padding], output: [padded] })] : []),
      makeNode("Reshape", {
        input: [isPadded ? padded : masses, NAMES.blocks],
        output: [blocked],
      }),
      makeNode("ReduceSum", {
        input: [blocked, NAMES.lastAxis],
        output: [result],
        attribute: [makeIntegerAttribute("keepdims", 0)],
      }),
    ],
    initializer: [],
    input: [],
    output: [makeValue(result, ELEMENT_TYPE.float32, ["", "", ""])],
  };
}

function buildZeros(): OnnxGraph {
  const [shape, rows, wanted, result] = [own("shape"), own("rows"), own("wanted"), own("zeros")];
  return {
    name: "parley_no_block_sums",
    node: [
      makeNode("Shape", { input: [ADDED.topValues], output: [shape] }),
      makeNode("Slice", { input: [shape, NAMES.zero, NAMES.two], output: [rows] }),
      makeNode("Concat", {
        input: [rows, NAMES.blockCount],
        output: [wanted],
        attribute: [makeIntegerAttribute("axis", 0)],
      }),
      makeNode("ConstantOfShape", { input: [wanted], output: [result] }),
    ],
    initializer: [],
    input: [],
    output: [makeValue(result, ELEMENT_TYPE.float32, ["", "", ""])],
  };
}

function findTakenName(graph: OnnxGraph): string | undefined {
  const added = new Set<string>(Object.values(ADDED));
  const names = [...graph.input, ...graph.output].map((it) => it.name);
  return [...names, ...graph.node.flatMap((it) => it.output)].find((it) => added.has(it));
}
