/**
 * Which of the waiting texts run together in one pass.
 *
 * What a pass costs is nearly its number of tokens, padding included, and a constant besides. BERT-base's
 * dimensions in fp32 on two AVX-512 cores, least of five:
 *
 *     rows × tokens    1×8   1×16  1×32  1×64  1×128  2×64  8×16  1×256  8×32  32×8  1×512  16×32  64×16
 *     ms               18.8  20.1  33.9  61.2  117.5  114.7 114.8 231.9  220.8 221.7 500.2  437.9  887.0
 *     µs a token       2344  1255  1058   957    918    896   897   906    863   866   977    855    866
 *
 * So the shape does not matter and from 256 tokens on size does not either: passes are short, and the
 * texts in one are those of the most similar lengths. A pass more costs what ten tokens of padding cost.
 */

/** Tokens of padding that cost as much as one pass more. */
const PASS_COST_TOKENS = 10;
/** Tokens of a pass, padding included, unless a single text is longer. */
export const PASS_TOKENS_MAX = 256;
/** How far the plan looks ahead: beyond, texts have no part in the next pass. */
const LOOKAHEAD_MAX = 256;

/**
 * How many of the first texts run now, so that all of them together cost the least.
 *
 * @param lengths tokens of each text, the longest first; the first one runs now.
 */
export function planPass(lengths: readonly number[], rowsMax = Number.POSITIVE_INFINITY): number {
  const count = Math.min(lengths.length, LOOKAHEAD_MAX);
  // best[i]: the least cost of all texts from i on. From the end, so that best[i + rows] is known.
  const best = new Float64Array(count + 1);
  let rowsNow = 1;
  for (let first = count - 1; first >= 0; first--) {
    const length = lengths[first] ?? 0;
    const fitting = Math.min(rowsMax, Math.max(1, Math.floor(PASS_TOKENS_MAX / length)));
    const rowsHere = Math.min(fitting, count - first);
    best[first] = Number.POSITIVE_INFINITY;
    for (let rows = 1; rows <= rowsHere; rows++) {
      const cost = PASS_COST_TOKENS + rows * length + (best[first + rows] ?? 0);
      if (cost > (best[first] ?? 0)) continue;
      best[first] = cost;
      rowsNow = rows;
    }
  }
  return rowsNow;
}
