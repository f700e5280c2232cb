import { KvCache } from "./kv-cache";
import type { LoraAdapter } from "./lora/lora-adapter";
import { ModelRunner } from "./model-runner";
import type { GraphSession } from "./onnx/graph-session";
import type { GraphSignature } from "./onnx/graph-signature";

/**
 * How many rows a pass must have for a row's numbers not to depend on the others:
 *
 * - `any`: the kernels give a row the same bits in every batch.
 * - `even`: they do as long as the number of rows is even. MatMulNBits with blocks of 64 or 128 works
 *   on pairs of rows and rounds a row without a partner differently (onnxruntime 1.30 with AVX-512:
 *   half of all products differ in the last bit).
 * - `none`: a row's numbers depend on the others, as with one activation scale for the whole batch.
 */
export type InvariantRows = "any" | "even" | "none";

export type BatchInvariance = {
  rows: InvariantRows;
  /**
   * Whether a prompt gets the same bits wherever it is cut into chunks of two tokens or more. fp32
   * attention gives them (swept over lengths from 66 to 1,024 tokens), attention of fp32 queries over an
   * fp16 cache does not (5e-4). Chunks of an odd number can leave a
   * token to another kernel; `ModelRunner` makes every chunk even.
   */
  mayCutAnywhere: boolean;
};

/** Rows of the largest pass that is tried: every tile height of the kernels has come by then. */
const ROWS_MAX = 16;
const ROW_COUNTS = [1, 2, 3, 4, 5, 7, 8, 12, ROWS_MAX];
const PROMPT_TOKENS = 6;
/**
 * Of the prompt that is cut, as far as the context goes. Beyond 128, the largest tile of the attention
 * kernel: a token that is left over from the last tile shows there.
 */
const CUT_TOKENS_MAX = 129;
const CAPACITY = 136;

export type ProbeOptions = {
  /** Tokens that the graph has positions for: none beyond them is tried. */
  contextLength: number;
  adapter?: LoraAdapter | undefined;
};

/**
 * Finds out by running the graph, since it depends on the kernels that this CPU gets and not on the
 * graph alone, nor on an adapter's rank. Logits are compared bit by bit.
 */
export async function probeBatchInvariance(
  session: GraphSession,
  signature: GraphSignature,
  probe: ProbeOptions,
): Promise<BatchInvariance> {
  const rows = await withRunner(session, signature, { padsToEven: false }, (runner) =>
    probeRows(runner, probe),
  );
  const padsToEven = rows === "even";
  const mayCutAnywhere = await withRunner(session, signature, { padsToEven }, (runner) =>
    probeCuts(runner, probe),
  );
  return { rows, mayCutAnywhere };
}

async function withRunner<T>(
  session: GraphSession,
  signature: GraphSignature,
  options: { padsToEven: boolean },
  probe: (runner: ModelRunner) => Promise<T>,
): Promise<T> {
  const cache = new KvCache(signature.cacheSlots, ROWS_MAX, CAPACITY);
  const runner = new ModelRunner(session, signature, { cache, padsAdapters: true, ...options });
  try {
    return await probe(runner);
  } finally {
    await runner.release();
  }
}

/** The same row decodes in company of none, one, two … others. */
async function probeRows(
  runner: ModelRunner,
  { contextLength, adapter }: ProbeOptions,
): Promise<InvariantRows> {
  const promptTokens = Math.min(PROMPT_TOKENS, contextLength - 1);
  for (let row = 0; row < ROWS_MAX; row++) {
    const ids = drawIds(runner, row, promptTokens);
    await runner.prefill({ row, start: 0, ids, logits: "last", adapter });
  }
  const seen = new Map<number, string>();
  for (const rowCount of ROW_COUNTS) {
    const rows = Array.from({ length: rowCount }, (_, row) => row);
    const logits = await runner.decode({
      ids: rows.flatMap((row) => drawIds(runner, row, 1)),
      lengths: rows.map(() => promptTokens),
      temperatures: rows.map(() => undefined),
      adapter,
    });
    seen.set(rowCount, toBits(logits.at(0).all));
  }
  const agree = (counts: number[]) => new Set(counts.map((it) => seen.get(it))).size === 1;
  if (agree(ROW_COUNTS)) return "any";
  return agree(ROW_COUNTS.filter((it) => it % 2 === 0)) ? "even" : "none";
}

/** The same prompt runs in one chunk and in two. */
async function probeCuts(
  runner: ModelRunner,
  { contextLength, adapter }: ProbeOptions,
): Promise<boolean> {
  const seen = new Set<string>();
  for (const cut of listCuts(contextLength)) {
    let start = 0;
    let bits = "";
    for (const length of cut) {
      const ids = drawIds(runner, 1, start + length).slice(start);
      const logits = await runner.prefill({ row: 0, start, ids, logits: "last", adapter });
      bits = toBits(logits.at(0).all);
      start += length;
    }
    seen.add(bits);
  }
  return seen.size === 1;
}

/** One prompt in four ways: whole, in halves, but for its last token, and in parts that are no tiles. */
function listCuts(contextLength: number): number[][] {
  // Odd, so that a token is left over; and one place is for what fills up an odd chunk.
  const count = 2 * Math.floor(Math.min(CUT_TOKENS_MAX + 1, contextLength) / 2) - 1;
  const firsts = [0, Math.floor(count / 2), count - 1, Math.max(0, Math.floor(count / 4) - 1)];
  return firsts.map((first) => [first, count - first].filter((it) => it > 0));
}

/** Tokens spread over the vocabulary, the same for the same row. */
function drawIds(runner: ModelRunner, row: number, count: number): number[] {
  const { vocabularySize } = runner.signature;
  return Array.from(
    { length: count },
    (_, at) => (17 + 31 * row + 7 * at * (row + 1)) % vocabularySize,
  );
}

/** Compared as they are in memory: a NaN equals itself, and 0 is not -0. */
function toBits({ buffer, byteOffset, byteLength }: Float32Array): string {
  return Buffer.from(new Uint8Array(buffer, byteOffset, byteLength)).toString("latin1");
}
