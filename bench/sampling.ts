import type { TokenMask } from "@/lib/engine/grammar/grammar";
import { reportTokens } from "@/lib/engine/sampling/log-probabilities";
import { sampleToken, wantsBlockSums } from "@/lib/engine/sampling/sampler";
import type { SamplingParameters } from "@/lib/engine/sampling/sampling-parameters";
import { maskOf, normalRow, parametersOf, stateOf, withLists } from "@/lib/engine/sampling/testing";
import type { TokenLogits } from "@/lib/engine/sampling/token-logits";
import { seededRandom } from "@/lib/util/random";
import { formatTable } from "./text-table";

/** Qwen2.5's; the largest that is common. */
const VOCABULARY_SIZE = 151_936;
const ROUND_COUNT = 5;
const ROUND_MS = 30;
/** An answer and a prompt that penalties have to look at. */
const OUTPUT_TOKEN_COUNT = 200;
const PROMPT_TOKEN_COUNT = 1_000;

export type SamplingRow = {
  request: string;
  /** `peaked` as a trained model's: most of the mass in few tokens. `flat` as random weights give it. */
  shape: "peaked" | "flat";
  /** Microseconds a token with the graph's lists, and from the whole row alone; medians. */
  listsUs: number;
  wholeUs: number;
};

type Work = (logits: TokenLogits, position: number) => void;

/** Microseconds that choosing and reporting one token takes, for each kind of request. */
export function benchSampling(): SamplingRow[] {
  const random = seededRandom(11);
  const shapes = [
    { shape: "peaked", all: peakedRow() },
    { shape: "flat", all: normalRow(random, VOCABULARY_SIZE, 1) },
  ] as const;
  return shapes.flatMap(({ shape, all }) => {
    // The temperatures of all requests below.
    const lists = new Map([0.7, 1].map((it) => [it, withLists(all, { temperature: it })]));
    return listWork().map(({ request, temperature, hasSums, work }) => {
      const listed = lists.get(temperature);
      if (!listed) throw new Error(`no lists at ${temperature}`);
      const withSums = hasSums ? listed : { ...listed, blocks: undefined };
      const whole = { all, top: undefined, blocks: undefined };
      return { request, shape, listsUs: measure(work, withSums), wholeUs: measure(work, whole) };
    });
  });
}

export type SamplingReport = { bench: "sampling"; node: string; rows: SamplingRow[] };

/** Measures the sampler, prints the table and returns it. */
export function runSamplingBench(): SamplingReport {
  const rows = benchSampling();
  console.log(`sampling: µs a token, ${VOCABULARY_SIZE} tokens, medians of ${ROUND_COUNT}`);
  const cells = rows.map((row) => [
    ...[row.request, row.shape, row.listsUs.toFixed(1), row.wholeUs.toFixed(1)],
  ]);
  const head = ["request", "row", "graph's lists", "whole row"];
  for (const line of formatTable(head, cells, 2)) console.log(line);
  return { bench: "sampling", node: process.version, rows };
}

function listWork(): { request: string; temperature: number; hasSums: boolean; work: Work }[] {
  const state = stateOf({
    promptIds: Array.from({ length: PROMPT_TOKEN_COUNT }, (_, index) => index * 150),
    outputCounts: new Map(
      Array.from({ length: OUTPUT_TOKEN_COUNT }, (_, index) => [index * 700 + 1, 1]),
    ),
  });
  const toDraw = (request: string, changes: Partial<SamplingParameters>, mask?: TokenMask) => {
    const parameters = parametersOf(changes);
    const constrained = mask ? { ...state, mask } : state;
    return {
      ...{ request, temperature: parameters.temperature || 1, hasSums: wantsBlockSums(parameters) },
      work: (logits: TokenLogits, position: number) => {
        sampleToken(logits, parameters, { ...constrained, position });
      },
    };
  };
  const requests: [string, Partial<SamplingParameters>][] = [
    ["greedy", { temperature: 0 }],
    ["temperature 1", {}],
    ["top-p 0.9, temperature 0.7", { temperature: 0.7, topP: 0.9 }],
    ["top-p 0.95", { topP: 0.95 }],
    ["top-k 40", { topK: 40 }],
    ["top-k 40, top-p 0.9, temperature 0.7", { temperature: 0.7, topK: 40, topP: 0.9 }],
    ["top-k 200", { topK: 200 }],
    ["min-p 0.1", { minP: 0.1 }],
    ["greedy, presence penalty", { temperature: 0, presencePenalty: 1 }],
    ["temperature 1, presence penalty", { presencePenalty: 1 }],
    ["top-p 0.9, repetition penalty", { temperature: 0.7, topP: 0.9, repetitionPenalty: 1.1 }],
  ];
  const draws = requests.map(([request, changes]) => toDraw(request, changes));
  const masked = Object.entries(makeMasks()).flatMap(([name, mask]) => {
    const constrained: [string, Partial<SamplingParameters>][] = [
      ["greedy", { temperature: 0 }],
      ["temperature 1", {}],
      ["top-p 0.95", { topP: 0.95 }],
      ["top-k 40", { topK: 40 }],
    ];
    return constrained.map(([request, changes]) => toDraw(`${request}, ${name}`, changes, mask));
  });
  const reports = [0, 5, 20].map((count) => ({
    ...{ request: `log-probabilities, ${count} alternatives`, temperature: 1, hasSums: false },
    work: (logits: TokenLogits) => {
      reportTokens(logits, 17, count);
    },
  }));
  return [...draws, ...masked, ...reports];
}

/** Masks as grammars give them: between the values of a JSON text, and within its strings. */
function makeMasks(): Record<string, TokenMask> {
  const random = seededRandom(12);
  const chances = Float32Array.from({ length: VOCABULARY_SIZE }, () => random());
  // Ids lie within the vocabulary, which has a chance for each.
  const toMask = (share: number) =>
    maskOf(VOCABULARY_SIZE, (id) => (chances[id] as number) < share);
  return { "12 tokens allowed": toMask(12 / VOCABULARY_SIZE), "94 % allowed": toMask(0.94) };
}

/** Logits that fall with the logarithm of the rank, as those of trained models do, ids shuffled. */
function peakedRow(): Float32Array {
  const all = new Float32Array(VOCABULARY_SIZE);
  // Odd, so that multiplying by it modulo the size reaches every id once: the size is 2^7 · 1187.
  const stride = 104_729;
  for (let rank = 0; rank < VOCABULARY_SIZE; rank++) {
    all[(rank * stride) % VOCABULARY_SIZE] = 20 - 2 * Math.log(rank + 1);
  }
  return all;
}

function measure(work: Work, logits: TokenLogits): number {
  let position = 0;
  const round = () => {
    const startedAt = performance.now();
    let count = 0;
    while (performance.now() - startedAt < ROUND_MS) {
      // The clock is read seldom: it takes a share of a microsecond itself.
      for (let again = 0; again < 8; again++) work(logits, position++);
      count += 8;
    }
    return ((performance.now() - startedAt) * 1_000) / count;
  };
  // Once for the compiler.
  round();
  const rounds = Array.from({ length: ROUND_COUNT }, round).sort((a, b) => a - b);
  return rounds[Math.floor(ROUND_COUNT / 2)] ?? Number.NaN;
}
