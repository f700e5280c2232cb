import { brokenLogits } from "./broken-logits";

/**
 * The most likely token; the lowest id among equals; 0 when all are -Infinity.
 *
 * @throws AppError `internal` when the row holds a NaN.
 */
export function pickHighest(logits: Float32Array | Float64Array, size = logits.length): number {
  let best = 0;
  let highest = Number.NEGATIVE_INFINITY;
  for (let id = 0; id < size; id++) {
    const logit = logits[id] as number; // Within bounds by the loop's condition.
    // One comparison for most tokens, and a NaN fails it too.
    if (logit <= highest) continue;
    if (Number.isNaN(logit)) throw brokenLogits(logit);
    highest = logit;
    best = id;
  }
  return best;
}
