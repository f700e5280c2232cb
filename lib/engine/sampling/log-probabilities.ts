import { assert } from "@/lib/util/assert";
import { brokenLogits } from "./broken-logits";
import { expectUsable } from "./candidates";
import { expAtMostOne } from "./exp-at-most-one";
import type { TokenLogits } from "./token-logits";

export type TokenLogProbability = { id: number; logProbability: number };

/**
 * Natural logarithm of the sum of exponentials: what turns logits into log-probabilities. The sum is
 * taken relative to the highest logit, in double precision, so nothing overflows.
 *
 * @throws AppError `internal` when the row has no usable highest logit or holds a NaN.
 */
export function logSumExp(logits: Float32Array): number {
  return logSumExpFrom(logits, findHighest(logits));
}

function logSumExpFrom(logits: Float32Array, highest: number): number {
  let sum = 0;
  for (let id = 0; id < logits.length; id++) {
    sum += expAtMostOne((logits[id] as number) - highest); // Within bounds by the loop's condition.
  }
  const total = highest + Math.log(sum);
  if (!Number.isFinite(total)) throw brokenLogits(total);
  return total;
}

function findHighest(logits: Float32Array): number {
  assert(logits.length > 0, "there is a vocabulary");
  let highest = Number.NEGATIVE_INFINITY;
  for (let id = 0; id < logits.length; id++) {
    const logit = logits[id] as number; // Within bounds by the loop's condition.
    if (logit > highest) highest = logit;
  }
  if (!Number.isFinite(highest)) throw brokenLogits(highest);
  return highest;
}

/**
 * Log-probability of one token by the model itself, before bias, penalties, temperature and
 * truncation; -Infinity for a token that the model rules out.
 */
export function logProbabilityOf(logits: Float32Array, id: number): number {
  return logitOf(logits, id) - logSumExp(logits);
}

/** The `count` most likely tokens, best first, equal ones in order of id. */
export function topLogProbabilities(logits: Float32Array, count: number): TokenLogProbability[] {
  const total = logSumExp(logits);
  return pickTop(logits, count).map((id) => ({ id, logProbability: logitOf(logits, id) - total }));
}

/**
 * A token's log-probability and the `count` most likely alternatives, as `logProbabilityOf` and
 * `topLogProbabilities` give them, with one sum for both.
 */
export function reportTokens(
  logits: TokenLogits,
  id: number,
  count: number,
): { logProbability: number; alternatives: TokenLogProbability[] } {
  const { all, top } = logits;
  if (top) expectUsable(top);
  const total = logSumExpFrom(all, top?.values[0] ?? findHighest(all));
  const isListed = top && count <= top.values.length;
  const ids = isListed ? Array.from(top.ids.subarray(0, count), Number) : pickTop(all, count);
  return {
    logProbability: logitOf(all, id) - total,
    alternatives: ids.map((it) => ({ id: it, logProbability: logitOf(all, it) - total })),
  };
}

function logitOf(logits: Float32Array, id: number): number {
  const logit = logits[id];
  assert(logit !== undefined, "a token id lies within the vocabulary");
  return logit;
}

/** Ids of the highest logits, by inserting the few that beat the worst so far: 0.2 ms for 151,936. */
function pickTop(logits: Float32Array, count: number): number[] {
  const best: number[] = [];
  let worst = Number.NEGATIVE_INFINITY;
  for (let id = 0; id < logits.length; id++) {
    const logit = logits[id] as number; // Within bounds by the loop's condition.
    if (best.length >= count && logit <= worst) continue;
    if (count === 0) break;
    let at = best.length;
    // Ids of the row; later ones stand behind equal ones.
    while (at > 0 && (logits[best[at - 1] as number] as number) < logit) at--;
    best.splice(at, 0, id);
    if (best.length > count) best.pop();
    if (best.length === count) worst = logits[best[count - 1] as number] as number;
  }
  return best;
}
