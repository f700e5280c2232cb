import { seededRandom } from "@/lib/util/random";
import type { Attention } from "./find-attentions";
import { type AttentionShape, PLACED_MASK } from "./fuse-attention";
import { listReads } from "./graph-index";
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
/** Windows that look back further than this stay unseen: nearly all are of 4,096 tokens or fewer. */
const FAR_MAX = 4_200;
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
  /** Tokens the model was trained to read. */
  contextLength: number;
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
  for (const attention of options.attentions) {
    const trial = { ...options, attention };
    const before = cutAttention(published, trial);
    const after = cutAttention(fused, trial);
    if (typeof before === "string") return { reason: before, isFarOnly: false };
    if (typeof after === "string") return { reason: after, isFarOnly: false };
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
    const past = Math.min(trial.contextLength - 1, FAR_MAX);
    return { near: Math.max(...near), far: await measure({ past, length: 1 }) };
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

type Lengths = { past: number; length: number };

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
  { past, length }: Lengths,
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
  }
  return inputs;
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
