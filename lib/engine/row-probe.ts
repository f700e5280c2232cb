import { KvCache, type PassCache } from "./kv-cache";
import { ModelRunner } from "./model-runner";
import type { GraphSession } from "./onnx/graph-session";
import type { CacheSlot, GraphSignature } from "./onnx/graph-signature";

/**
 * What rows of a graph that was not made for rows of different length may do:
 *
 * - `together`: they share a pass; the mask tells them apart.
 * - `alone`: the graph counts positions by the length of its past, so each row runs by itself.
 * - `none`: it does not go on from a past as if it had read it all at once.
 */
export type RowCompany = "together" | "alone" | "none";

const PROMPT_TOKENS = 12;
/** Odd on purpose: a chunk that is filled up leaves something behind its last token. */
const FIRST_CHUNK = 7;
const COMPANION_TOKENS = 20;
/** Of the caches to try. */
const PROBE_ROWS = 3;
const PROBE_CAPACITY = 128;
/** What unused places are to hold here: large beside any key or value, and a number in half precision, too. */
const LOUD = { float32: 1_000, float16: 0x63d0 } as const;
/**
 * Largest difference of two rows of logits that may be rounding, as a share of how far logits lie apart; and where
 * one scale spans the tokens of a pass, so that each cut rounds differently. Seen with random weights: rounding 7e-7
 * in fp32 and the integer forms, 4e-4 in fp16, up to 0.09 with such a scale; positions counted wrongly 0.75 to 1.4.
 */
const ROUNDING_MAX = { byToken: 0.08, byPass: 0.35 } as const;

/**
 * Finds out by running the graph: one prompt at once, and the same cut in two with a decode step after it,
 * beside a longer row, with what belongs to nobody between them.
 */
export async function probeRows(
  session: GraphSession,
  signature: GraphSignature,
  options: ProbeOptions,
): Promise<{ company: RowCompany; failure?: unknown }> {
  const { scalesByPass, createCache } = options;
  let failure: unknown;
  const differenceMax = scalesByPass ? ROUNDING_MAX.byPass : ROUNDING_MAX.byToken;
  for (const company of ["together", "alone"] as const) {
    const blank = LOUD[signature.cacheSlots[0]?.dtype ?? "float32"];
    const cache = createCache({
      ...{ slots: signature.cacheSlots, rowCount: PROBE_ROWS, capacity: PROBE_CAPACITY },
      ...{ runsRowsAlone: company === "alone", blank },
    });
    const runner = new ModelRunner(session, signature, { cache });
    try {
      // A graph of a fixed batch does not run with two rows at all, which is an answer, too.
      const difference = await measureDifference(runner).catch((thrown: unknown) => {
        failure = thrown;
        return Number.POSITIVE_INFINITY;
      });
      if (!(difference <= differenceMax)) continue;
    } finally {
      await runner.release();
    }
    if (company === "alone" || !options.seesLongest) return { company };
    const isSame = await isSameBesideLongest(session, signature, options).catch(
      (thrown: unknown) => {
        failure = thrown;
        return false;
      },
    );
    if (isSame) return { company };
  }
  return { company: "none", failure };
}

/**
 * Whether a short row gets the same while another fills the context. It does not where attention looks back a number
 * of places, of which unused ones take up some, nor where tables are chosen by the width of the mask (LongRoPE as the
 * model builder exports it, with an `If` at 4,096 tokens). Rows of a few tokens show neither.
 */
export async function isSameBesideLongest(
  session: GraphSession,
  signature: GraphSignature,
  { scalesByPass, contextLength, createCache }: ProbeOptions,
): Promise<boolean> {
  if (contextLength <= PROMPT_TOKENS + COMPANION_TOKENS) return true;
  const cache = createCache({
    ...{ slots: signature.cacheSlots, rowCount: 2, capacity: contextLength },
    ...{ runsRowsAlone: false, blank: LOUD[signature.cacheSlots[0]?.dtype ?? "float32"] },
  });
  const runner = new ModelRunner(session, signature, { cache });
  try {
    const ids = drawIds(runner, PROMPT_TOKENS, 5);
    const whole = await runner.prefill({ row: 0, start: 0, ids, logits: "last" });
    const expected = whole.at(0).all.slice();
    // Nothing to compare: whoever asks such a graph is told.
    if (!areNumbers(expected)) return true;
    const last = ids.slice(-1);
    // A cache that grows keeps its window for some passes, so that two rows of that length are never in one.
    await runner.decode({
      ...{ row: 1, ids: last, lengths: [contextLength - 1], temperatures: [undefined] },
    });
    const after = await runner.decode({
      ...{ ids: last, lengths: [PROMPT_TOKENS - 1], temperatures: [undefined] },
    });
    const differences = [differ(after.at(0).all, expected)];
    if (cache instanceof KvCache) {
      const beside = await runner.decode({
        ...{ ids: [...last, ...last], lengths: [PROMPT_TOKENS - 1, contextLength - 1] },
        temperatures: [undefined, undefined],
      });
      differences.push(differ(beside.at(0).all, expected));
    }
    return Math.max(...differences) <= ROUNDING_MAX[scalesByPass ? "byPass" : "byToken"];
  } finally {
    await runner.release();
  }
}

export type ProbeOptions = {
  /** Whether the longest row of a pass may mean something to the others. */
  seesLongest: boolean;
  /** Tokens that are to be served. */
  contextLength: number;
  /** Whether activations are scaled over all tokens of a pass. */
  scalesByPass: boolean;
  createCache(options: ProbeCacheOptions): PassCache;
};

export type ProbeCacheOptions = {
  slots: readonly CacheSlot[];
  rowCount: number;
  capacity: number;
  runsRowsAlone: boolean;
  /** What places that belong to nobody are to hold, where the cache has such. */
  blank: number;
};

/** How far logits of a prompt in parts lie from those of the whole. */
async function measureDifference(runner: ModelRunner): Promise<number> {
  const ids = drawIds(runner, PROMPT_TOKENS, 5);
  const whole = await runner.prefill({ row: 2, start: 0, ids, logits: "all" });
  const expected = [PROMPT_TOKENS - 2, PROMPT_TOKENS - 1].map((at) => whole.at(at).all.slice());
  if (!expected.every(areNumbers)) throw new NoNumbersError("Logits are NaN or infinite.");
  const others = drawIds(runner, COMPANION_TOKENS, 11);
  await runner.prefill({ row: 1, start: 0, ids: others, logits: "last" });
  await runner.prefill({ row: 0, start: 0, ids: ids.slice(0, FIRST_CHUNK), logits: "last" });
  const second = ids.slice(FIRST_CHUNK, -1);
  const cut = await runner.prefill({ row: 0, start: FIRST_CHUNK, ids: second, logits: "last" });
  const differences = [differ(cut.at(0).all, expected[0])];
  const decoded = await runner.decode({
    ids: [...ids.slice(-1), ...others.slice(0, 1)],
    lengths: [PROMPT_TOKENS - 1, COMPANION_TOKENS],
    temperatures: [undefined, undefined],
  });
  differences.push(differ(decoded.at(0).all, expected[1]));
  return Math.max(...differences);
}

const areNumbers = (logits: Float32Array) => logits.every(Number.isFinite);

/** A graph whose logits are nothing that can be compared. */
export class NoNumbersError extends Error {}

/** The difference's deviation beside that of the expected numbers; infinite where one is NaN. */
function differ(found: Float32Array, expected: Float32Array | undefined): number {
  if (!expected) return Number.POSITIVE_INFINITY;
  const mean = expected.reduce((sum, it) => sum + it, 0) / expected.length;
  let error = 0;
  let spread = 0;
  for (const [index, value] of expected.entries()) {
    error += ((found[index] ?? Number.NaN) - value) ** 2;
    spread += (value - mean) ** 2;
  }
  const difference = Math.sqrt(error / spread);
  return Number.isNaN(difference) ? Number.POSITIVE_INFINITY : difference;
}

/** Tokens spread over the vocabulary. */
function drawIds(runner: ModelRunner, count: number, step: number): number[] {
  const { vocabularySize } = runner.signature;
  return Array.from({ length: count }, (_, at) => (17 + step * 31 * at + at * at) % vocabularySize);
}
