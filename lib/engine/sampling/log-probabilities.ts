import { assert } from "@/lib/util/assert";

export type TokenLogProbability = { id: number; logProbability: number };

/** Logarithm of the sum of exponentials: what turns logits into log-probabilities. */
export function logSumExp(logits: Float32Array): number {
  let highest = Number.NEGATIVE_INFINITY;
  for (const logit of logits) if (logit > highest) highest = logit;
  let sum = 0;
  for (const logit of logits) sum += Math.exp(logit - highest);
  return highest + Math.log(sum);
}

/** Log-probability of one token, before temperature and top-p. */
export function logProbabilityOf(logits: Float32Array, id: number): number {
  const logit = logits[id];
  assert(logit !== undefined, "a token id lies within the vocabulary");
  return logit - logSumExp(logits);
}

/** The `count` most likely tokens, best first, equal ones in order of id. */
export function topLogProbabilities(logits: Float32Array, count: number): TokenLogProbability[] {
  const total = logSumExp(logits);
  const best: TokenLogProbability[] = [];
  for (const [id, logit] of logits.entries()) {
    const worst = best.at(-1);
    const logProbability = logit - total;
    if (best.length === count && worst && logProbability <= worst.logProbability) continue;
    const at = best.findIndex((it) => it.logProbability < logProbability);
    best.splice(at === -1 ? best.length : at, 0, { id, logProbability });
    if (best.length > count) best.pop();
  }
  return best;
}
