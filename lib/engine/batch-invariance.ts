import { KvCache } from "./kv-cache";
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

/** Rows of the largest pass that is tried: every tile height of the kernels has come by then. */
const ROWS_MAX = 16;
const ROW_COUNTS = [1, 2, 3, 4, 7, 8, ROWS_MAX];
const PROMPT_TOKENS = 6;
const CAPACITY = 16;

/**
 * Finds out by running the graph, since it depends on the kernels that this CPU gets and not on the
 * graph alone: the same row decodes in company of none, one, two … others, and its logits are compared
 * bit by bit.
 */
export async function probeInvariantRows(
  session: GraphSession,
  signature: GraphSignature,
): Promise<InvariantRows> {
  const cache = new KvCache(signature.cacheSlots, ROWS_MAX, CAPACITY);
  const runner = new ModelRunner(session, signature, { cache });
  try {
    const { vocabularySize } = signature;
    const idOf = (row: number, at: number) => (17 + 31 * row + 7 * at * (row + 1)) % vocabularySize;
    for (let row = 0; row < ROWS_MAX; row++) {
      const ids = Array.from({ length: PROMPT_TOKENS }, (_, at) => idOf(row, at));
      await runner.prefill({ row, start: 0, ids, logits: "last" });
    }
    const seen = new Map<number, string>();
    for (const rowCount of ROW_COUNTS) {
      const logits = await runner.decode({
        ids: Array.from({ length: rowCount }, (_, row) => idOf(row, PROMPT_TOKENS)),
        lengths: Array.from({ length: rowCount }, () => PROMPT_TOKENS),
        temperatures: Array.from({ length: rowCount }, () => undefined),
      });
      seen.set(rowCount, Buffer.from(toBytes(logits.at(0).all)).toString("latin1"));
    }
    const agree = (counts: number[]) => new Set(counts.map((it) => seen.get(it))).size === 1;
    if (agree(ROW_COUNTS)) return "any";
    return agree(ROW_COUNTS.filter((it) => it % 2 === 0)) ? "even" : "none";
  } finally {
    await runner.release();
  }
}

function toBytes({ buffer, byteOffset, byteLength }: Float32Array): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}
