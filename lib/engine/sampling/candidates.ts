import { assert } from "@/lib/util/assert";
import type { TokenMask } from "../grammar/grammar";
import type { AdjustedLogits } from "./adjusted-logits";
import { brokenLogits } from "./broken-logits";
import { isBefore, sortByRank } from "./rank-order";
import { ScratchArray } from "./scratch-array";
import type { TokenLogits } from "./token-logits";
import { isAllowed } from "./token-mask";

/**
 * The best tokens of a row, known without reading the row: the first `length` entries of `ids` and
 * `logits` are exactly the first `length` ranks of what may be drawn, after all adjustments.
 */
export type Candidates = {
  readonly ids: Int32Array;
  readonly logits: Float64Array;
  readonly length: number;
  /** No token outside of the list has a higher logit; -Infinity when there is none outside. */
  readonly restLogitMax: number;
};

const idScratch = new ScratchArray((length) => new Int32Array(length));
const logitScratch = new ScratchArray((length) => new Float64Array(length));

type TopTokens = NonNullable<TokenLogits["top"]>;

/**
 * Refuses a list that begins with no usable number. TopK compares with `>`, so a NaN that reaches its
 * heap is never displaced: a list in falling order without NaN is right for every number of the row.
 *
 * @throws AppError `internal` for a row of NaN, Infinity or nothing but -Infinity.
 */
export function expectUsable(top: TopTokens): void {
  let last = Number.POSITIVE_INFINITY;
  for (let rank = 0; rank < top.values.length; rank++) {
    const logit = top.values[rank] as number; // Within bounds by the loop's condition.
    if (!(logit <= last)) {
      assert(top.values.some(Number.isNaN), "the graph's list falls");
      throw brokenLogits(Number.NaN);
    }
    last = logit;
  }
  const highest = top.values[0];
  assert(highest !== undefined, "the graph's list has an entry");
  if (!Number.isFinite(highest)) throw brokenLogits(highest);
}

/**
 * The graph's list and the adjusted ids in one order, down to the lowest rank that nothing unlisted can
 * come before. Empty when adjustments and the mask left nothing of it.
 */
export function toCandidates(
  top: TopTokens,
  adjusted: AdjustedLogits,
  vocabularySize: number,
  mask?: TokenMask,
): Candidates {
  const topLength = top.values.length;
  const ids = idScratch.take(topLength + adjusted.count);
  const logits = logitScratch.take(topLength + adjusted.count);
  // Both are within the list; ids are below 2^31, so a double holds them.
  const lastId = Number(top.ids[topLength - 1] as bigint);
  const lastLogit = top.values[topLength - 1] as number;
  const isWhole = topLength === vocabularySize;
  const restLogitMax = isWhole ? Number.NEGATIVE_INFINITY : lastLogit;
  let length = 0;
  for (let rank = 0; rank < topLength; rank++) {
    const id = Number(top.ids[rank] as bigint);
    const logit = top.values[rank] as number;
    // Past the last usable one, ranks mean nothing: such tokens are never drawn.
    if (logit === Number.NEGATIVE_INFINITY) break;
    if (adjusted.has(id) || (mask && !isAllowed(mask, id))) continue;
    ids[length] = id;
    logits[length] = logit;
    length++;
  }
  const plainLength = length;
  for (let index = 0; index < adjusted.count; index++) {
    const id = adjusted.ids[index] as number; // Within the first `count`.
    const logit = adjusted.get(id);
    const isCertain = isWhole || isBefore(logit, id, lastLogit, lastId);
    if (!isCertain || logit === Number.NEGATIVE_INFINITY) continue;
    if (mask && !isAllowed(mask, id)) continue;
    ids[length] = id;
    logits[length] = logit;
    length++;
  }
  if (length > plainLength) sortByRank(ids, logits, length);
  return { ids, logits, length, restLogitMax };
}
