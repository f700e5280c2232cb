import { SPEED_SPREAD_MAX } from "@/lib/fleet-limits";
import type { PolicyCandidate } from "./policy";

/**
 * How fast each worker is beside the others. One that has told nothing yet is taken to be, a slot, as the
 * average of those that have, so that a newcomer is neither shunned nor flooded; where nobody has, slots
 * stand for speed.
 *
 * Nobody counts for less than a fixed part of the fastest: whoever seems slow, for what it had to do when it
 * was measured, still gets enough to show what it can.
 */
export function speedsOf(candidates: readonly PolicyCandidate[]): (of: PolicyCandidate) => number {
  let known = 0;
  let slots = 0;
  let fastest = 0;
  for (const { tokensPerSecond, slots: own } of candidates) {
    if (!tokensPerSecond) continue;
    known += tokensPerSecond;
    slots += own;
    fastest = Math.max(fastest, tokensPerSecond);
  }
  const aSlot = slots > 0 ? known / slots : 1;
  const least = fastest / SPEED_SPREAD_MAX;
  return (of) => Math.max(of.tokensPerSecond || of.slots * aSlot, least);
}
