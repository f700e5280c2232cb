import { seededRandom } from "@/lib/util/random";
import { findWindowNumber } from "./attention-window";
import type { Attention } from "./find-attentions";
import { type AttentionShape, PLACED_MASK } from "./fuse-attention";
import { listReads } from "./graph-index";
import { fingerprint } from "./graph-likeness";
import type { GraphSession, TensorView } from "./graph-session";
import {
  DATA_LOCATION_EXTERNAL,
  ELEMENT_TYPE,
  encodeModel,
  type OnnxModel,
  type OnnxNode,
  type OnnxTensor,
} from "./onnx-model";
import { makeIntegerAttribute, makeNode, makeValue } from "./onnx-parts";
import { openGraphSession } from "./open-session";

/** Tokens before and in a pass: a prompt, a later part of one, a step, and a step far behind the first token. */
const LENGTHS = [
  { past: 0, length: 5 },
  { past: 9, length: 4 },
  { past: 9, length: 1 },
] as const;
/** Random keys so far back; further ones are tried with the weight on the first of all. */
const FAR_MAX = 4_200;
/**
 * Numbers of a layer's keys as they are once repeated for all heads, of which a graph has a few copies: 512 MiB
 * in fp32, and 32,768 tokens of a model of 7 to 8 billion weights, which takes more than this when it is loaded.
 */
const NUMBER_COUNT_MAX = 1 << 27;
/** Weights of a few megabytes may be a mask; more are the model's, which attention has no part in. */
const WEIGHT_BYTES_MAX = 1 << 24;
/** Queries so large that a few keys get all the weight, where a cap on scores or another scale shows. */
const QUERY_DEVIATION = 3;
/**
 * Largest difference that may be rounding, of values about 1 in size. Measured: 2e-6 in fp32, 4e-3 in fp16; a scale
 * that is off by a hundredth gives 2e-2, a mask that is off by one place 0.3.
 */
const ROUNDING_MAX = { float32: 1e-4, float16: 2e-2 } as const;

export type TrialOptions = {
  attentions: readonly Attention[];
  shape: AttentionShape;
  dtype: "float32" | "float16";
  /** Tokens that are to be served. */
  contextLength: number;
  /** How far attention looks back by the model's configuration, in tokens, where that says so. */
  window?: number | undefined;
  /** Unless given, `NUMBER_COUNT_MAX`. */
  numberCountMax?: number;
};

type Trial = TrialOptions & { attention: Attention };

/**
 * Whether each layer's attention gives the same in both graphs: nothing but what lies between its query,
 * keys and values and its result is run, over random numbers, so that no weights are needed and no
 * rounding of theirs hides anything.
 *
 * @returns undefined, or in what they part.
 */
export async function findAttentionDifference(
  published: OnnxModel,
  fused: OnnxModel,
  options: TrialOptions,
): Promise<AttentionDifference | undefined> {
  const tried = new Set<string>();
  for (const attention of options.attentions) {
    const trial = { ...options, attention };
    const before = cutAttention(published, trial);
    const after = cutAttention(fused, trial);
    if (typeof before === "string") return { reason: before, isFarOnly: false };
    if (typeof after === "string") return { reason: after, isFarOnly: false };
    const hint = findUntriedWindow(before, trial);
    if (hint !== undefined) {
      return {
        reason: `the attention of its layer ${attention.layer} may look back ${hint} tokens, which is further than can be tried`,
        isFarOnly: true,
      };
    }
    // All layers of most models are alike.
    const likeness = [before, after].map((it) => fingerprint(it, rolesOf(attention)));
    const isKnown = likeness.every((it) => it !== undefined);
    if (isKnown && tried.has(likeness.join())) continue;
    tried.add(likeness.join());
    const { near, far } = await compare(before, after, trial);
    const isEqual = (worst: number) => worst <= ROUNDING_MAX[options.dtype];
    if (isEqual(near) && isEqual(far)) continue;
    const isFarOnly = isEqual(near);
    const what = isFarOnly ? "looks back a limited number of tokens" : "is of another kind";
    const worst = Math.max(near, far).toPrecision(2);
    return {
      reason: `the attention of its layer ${attention.layer} ${what} (it differs from GroupQueryAttention by ${worst})`,
      isFarOnly,
    };
  }
  return undefined;
}

export type AttentionDifference = {
  /** The end of a sentence about the graph. */
  reason: string;
  /** Whether it shows only far behind the first token, as with a window that slides. */
  isFarOnly: boolean;
};

function rolesOf({ query, key, value, past, last }: Attention): ReadonlyMap<string, string> {
  const [result = ""] = last.output;
  const roles = { query, key, value, pastKey: past.key, pastValue: past.value, result };
  return new Map(
    Object.entries(roles).flatMap(([role, name]) => [
      [name, role],
      [WIDE + name, WIDE + role],
    ]),
  );
}

/** Tokens before the last one that is tried. */
function farthestOf({ contextLength, shape, numberCountMax = NUMBER_COUNT_MAX }: Trial): number {
  const perToken = shape.headCount * shape.headSize;
  return Math.min(contextLength - 1, Math.floor(numberCountMax / perToken));
}

/** A window that would show only behind the farthest token that is tried, if anything speaks of one. */
function findUntriedWindow({ graph }: OnnxModel, trial: Trial): number | undefined {
  const { contextLength, window } = trial;
  const from = farthestOf(trial) + 1;
  if (from >= contextLength) return undefined;
  if (window !== undefined && window >= from && window < contextLength) return window;
  // A graph may count from the token before.
  return findWindowNumber(graph, { from: from - 1, to: contextLength });
}

async function compare(before: OnnxModel, after: OnnxModel, trial: Trial) {
  const sessions: GraphSession[] = [];
  try {
    for (const model of [before, after]) {
      const { session } = await openGraphSession(encodeModel(model), { threadCount: 1 });
      sessions.push(session);
    }
    const measure = async (lengths: Lengths) => {
      const names = new Set(sessions.flatMap((it) => it.inputs.map(({ name }) => name)));
      const inputs = drawInputs(names, trial, lengths);
      const expected = await runOnce(sessions[0], inputs, trial, lengths.length);
      const found = await runOnce(sessions[1], inputs, trial, lengths.length);
      const differences = expected.map((value, at) => Math.abs(value - (found[at] ?? Number.NaN)));
      const worst = differences.reduce((max, it) => Math.max(max, it), 0);
      return Number.isNaN(worst) ? Number.POSITIVE_INFINITY : worst;
    };
    const near: number[] = [];
    for (const lengths of LENGTHS) near.push(await measure(lengths));
    const past = farthestOf(trial);
    const random = await measure({ past: Math.min(past, FAR_MAX), length: 1 });
    const first = await measure({ past, length: 1, isFirstHeavy: true });
    return { near: Math.max(...near), far: Math.max(random, first) };
  } finally {
    for (const session of sessions) await session.close();
  }
}

/** The part of the graph between a layer's query, keys and values and what is attended to. */
function cutAttention(model: OnnxModel, trial: Trial): OnnxModel | string {
  const { graph } = model;
  const { attention, attentions, dtype } = trial;
  const ends = new Set([
    ...graph.input.map((it) => it.name),
    ...attentions.flatMap((it) => [it.query, it.key, it.value]),
  ]);
  const [output = ""] = attention.last.output;
  const wanted = new Set([output]);
  const nodes: OnnxNode[] = [];
  for (const node of graph.node.toReversed()) {
    const isOfTrial = node.output.some((name) => wanted.has(name) && !ends.has(name));
    if (!isOfTrial) continue;
    nodes.unshift(node);
    for (const name of listReads(node)) wanted.add(name);
  }
  const initializer = graph.initializer.filter((it) => wanted.has(it.name ?? ""));
  const complaint = explainWeights(initializer);
  if (complaint) return complaint;
  const isNumbers = (name: string) =>
    attentions.some((it) => listNumbers(it).includes(name)) && wanted.has(name);
  const declared = graph.input.filter((it) => wanted.has(it.name) && !isNumbers(it.name));
  const numbers = [...ends].filter(isNumbers);
  const toWide = (name: string) => makeValue(WIDE + name, ELEMENT_TYPE.float32, [...BY_ROWS]);
  const cast = (from: string, to: string, type: number) =>
    makeNode("Cast", {
      input: [from],
      output: [to],
      attribute: [makeIntegerAttribute("to", type)],
    });
  return {
    ...model,
    graph: {
      name: "attention",
      node: [
        ...numbers.map((name) => cast(WIDE + name, name, ELEMENT_TYPE[dtype])),
        ...nodes,
        cast(output, WIDE + output, ELEMENT_TYPE.float32),
      ],
      initializer,
      input: [
        ...declared,
        ...numbers.map((name) => {
          const isWhole = attentions.some(
            (it) => it.shape === "rows" && listNews(it).includes(name),
          );
          return isWhole
            ? toWide(name)
            : makeValue(WIDE + name, ELEMENT_TYPE.float32, [...BY_HEADS]);
        }),
      ],
      output: [
        attention.shape === "rows"
          ? toWide(output)
          : makeValue(WIDE + output, ELEMENT_TYPE.float32, [...BY_HEADS]),
      ],
    },
  };
}

/** Fed and fetched in single precision, whatever the graph computes with. */
const WIDE = "parley/wide/";
const BY_ROWS = ["", "", ""] as const;
const BY_HEADS = ["", "", "", ""] as const;

const listNews = (it: Attention) => [it.query, it.key, it.value];
const listNumbers = (it: Attention) => [...listNews(it), it.past.key, it.past.value];

function explainWeights(tensors: readonly OnnxTensor[]): string | undefined {
  if (tensors.some((it) => it.dataLocation === DATA_LOCATION_EXTERNAL)) {
    return "its attention reads weights that lie beside the graph";
  }
  const bytes = tensors.reduce((sum, it) => sum + (it.rawData?.length ?? 0), 0);
  return bytes > WEIGHT_BYTES_MAX ? "its attention reads weights of the model" : undefined;
}

type Lengths = {
  past: number;
  length: number;
  /**
   * Whether the first keys of all get nearly all weight, so that hiding one of them changes the result by about 1:
   * among thousands of random keys a few that are hidden can pass for rounding.
   */
  isFirstHeavy?: boolean;
};

/** So many numbers are drawn once, in a prime count so that no row of a head meets itself again. */
const NUMBERS = drawNumbers(65_537);

function drawNumbers(count: number): Float32Array {
  const random = seededRandom(1);
  // The sum of three even numbers is normal enough.
  return Float32Array.from({ length: count }, () => 2 * (random() + random() + random() - 1.5));
}

/** One row: the same numbers whichever graph asks for them. */
function drawInputs(
  names: ReadonlySet<string>,
  { attentions, shape }: Trial,
  { past, length, isFirstHeavy = false }: Lengths,
) {
  const { headCount, kvHeadCount, headSize } = shape;
  const inputs = new Map<string, TensorView>();
  const integers = (name: string, values: number[]) => {
    const dims = [1, values.length];
    inputs.set(name, { type: "int64", data: BigInt64Array.from(values, BigInt), dims });
  };
  const places = Array.from({ length: past + length }, (_, at) => at);
  integers("input_ids", new Array<number>(length).fill(0));
  integers("attention_mask", new Array<number>(past + length).fill(1));
  integers(PLACED_MASK, new Array<number>(past + length).fill(1));
  integers("position_ids", places.slice(past));
  const numbers = (name: string, deviation: number, dims: number[]) => {
    if (!names.has(WIDE + name)) return;
    const count = dims.reduce((product, dim) => product * dim, 1);
    const data = new Float32Array(count);
    const first = inputs.size * 1_009;
    // Within bounds by the remainder.
    for (let at = 0; at < count; at++) {
      data[at] = deviation * (NUMBERS[(first + at) % NUMBERS.length] as number);
    }
    inputs.set(WIDE + name, { type: "float32", data, dims });
  };
  for (const it of attentions) {
    const dims = (heads: number) =>
      it.shape === "heads" ? [1, heads, length, headSize] : [1, length, heads * headSize];
    numbers(it.query, QUERY_DEVIATION, dims(headCount));
    numbers(it.key, 1, dims(kvHeadCount));
    numbers(it.value, 1, dims(kvHeadCount));
    numbers(it.past.key, 1, [1, kvHeadCount, past, headSize]);
    numbers(it.past.value, 1, [1, kvHeadCount, past, headSize]);
    if (isFirstHeavy) putWeightOnFirst(inputs, { attention: it, shape, past });
  }
  return inputs;
}

/**
 * Of the queries that share a key head, each finds itself as one of its first keys: a score of 9 √size, where those
 * of others are about 3, so that even 131,072 others weigh little from a size of 8 on.
 */
function putWeightOnFirst(
  inputs: ReadonlyMap<string, TensorView>,
  { attention, shape, past }: { attention: Attention; shape: AttentionShape; past: number },
): void {
  const { headCount, kvHeadCount, headSize } = shape;
  const query = inputs.get(WIDE + attention.query)?.data;
  const keys = inputs.get(WIDE + attention.past.key)?.data;
  if (!(query instanceof Float32Array) || !(keys instanceof Float32Array)) return;
  const perKey = Math.floor(headCount / kvHeadCount);
  for (let head = 0; head < perKey * kvHeadCount; head++) {
    const place = head % perKey;
    if (place >= past) continue;
    const to = (Math.floor(head / perKey) * past + place) * headSize;
    // One new token, so a head's numbers lie together in both shapes.
    keys.set(query.subarray(head * headSize, (head + 1) * headSize), to);
  }
}

async function runOnce(
  session: GraphSession | undefined,
  inputs: ReadonlyMap<string, TensorView>,
  { attention, shape }: Trial,
  length: number,
): Promise<Float32Array> {
  const size = shape.headCount * shape.headSize * length;
  if (!session) return new Float32Array(size).fill(Number.NaN);
  const binding = session.createBinding();
  try {
    for (const { name } of session.inputs) {
      const tensor = inputs.get(name);
      if (tensor) binding.bindInput(name, tensor);
    }
    const [name = ""] = attention.last.output;
    const dims =
      attention.shape === "heads"
        ? [1, shape.headCount, length, shape.headSize]
        : [1, length, shape.headCount * shape.headSize];
    const data = new Float32Array(size);
    binding.bindOutput(WIDE + name, { type: "float32", data, dims });
    await binding.run();
    return data;
  } finally {
    binding.close();
  }
}
