import { AFFINITY_LOAD_FACTOR, AFFINITY_QUIET_SHARE } from "@/lib/dispatch-limits";
import type { PolicyCandidate } from "./policy";

/**
 * Who may get one request more for the sake of affinity: the rule of Mirrokni, Thorup and Zadimoghaddam,
 * "Consistent Hashing with Bounded Loads" (2016). Nobody takes more than a fixed factor of its share of all
 * requests, this one included; its share is by slots. One with few of its slots taken may have more.
 */
export function boundedLoad(all: readonly PolicyCandidate[]): (of: PolicyCandidate) => boolean {
  let load = 1;
  let slots = 0;
  for (const it of all) {
    load += it.load;
    slots += it.slots;
  }
  const aSlot = (AFFINITY_LOAD_FACTOR * load) / slots;
  return (of) =>
    of.load < Math.max(Math.ceil(aSlot * of.slots), Math.ceil(of.slots * AFFINITY_QUIET_SHARE));
}
