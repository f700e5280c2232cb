import { hashText } from "@/lib/util/hash-text";
import type { PolicyCandidate } from "./policy";

/**
 * The candidate on which all web processes agree for a key, without telling each other: the highest of
 * numbers drawn from key and worker (Thaler and Ravishankar, "Using Name-Based Mappings to Increase Hit
 * Rates", 1998), weighted by slots as Schindelhauer and Schomaker do ("Weighted Distributed Hash Tables",
 * 2005). A worker that comes or goes moves its own keys and nobody else's.
 */
export function rendezvous<T extends PolicyCandidate>(
  among: readonly T[],
  key: number,
): T | undefined {
  let best: T | undefined;
  let highest = Number.NEGATIVE_INFINITY;
  for (const candidate of among) {
    // In (0, 1): its logarithm is finite and not 0.
    const drawn = (hashText(candidate.id, key) + 1) / (2 ** 53 + 1);
    const score = -candidate.slots / Math.log(drawn);
    if (score <= highest) continue;
    highest = score;
    best = candidate;
  }
  return best;
}
