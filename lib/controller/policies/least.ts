import type { Random } from "@/lib/util/random";

/** Who costs least, ties at random: several web processes with one picture must not all choose the same. */
export function least<T>(
  among: readonly T[],
  costOf: (candidate: T) => number,
  random: Random,
): T | undefined {
  let best: T[] = [];
  let lowest = Number.POSITIVE_INFINITY;
  for (const candidate of among) {
    const cost = costOf(candidate);
    if (cost > lowest) continue;
    if (cost < lowest) best = [];
    lowest = cost;
    best.push(candidate);
  }
  return best[Math.floor(random() * best.length)];
}
