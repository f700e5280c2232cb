import { AFFINITY_LOAD_FACTOR, AFFINITY_QUIET_SHARE } from "@/lib/fleet-limits";
import type { PolicyCandidate } from "./policy";
import { speedsOf } from "./speeds";

/**
 * Who may get one request more for the sake of affinity: the rule of Mirrokni, Thorup and Zadimoghaddam,
 * "Consistent Hashing with Bounded Loads" (2016). Nobody takes more than a fixed factor of its share of all
 * requests, this one included; its share is by its speed. One with few of its slots taken may have more, as
 * far as it is not slower than others.
 */
export function boundedLoad(all: readonly PolicyCandidate[]): (of: PolicyCandidate) => boolean {
  const speedOf = speedsOf(all);
  let load = 1;
  let speed = 0;
  let fastest = 0;
  for (const it of all) {
    const own = speedOf(it);
    load += it.load;
    speed += own;
    fastest = Math.max(fastest, own / it.slots);
  }
  const factor = (AFFINITY_LOAD_FACTOR * load) / speed;
  return (of) => {
    const own = speedOf(of);
    const quiet = (AFFINITY_QUIET_SHARE * own) / fastest;
    return of.load < Math.ceil(Math.max(factor * own, quiet));
  };
}
