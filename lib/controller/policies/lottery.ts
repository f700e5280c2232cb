import { assert } from "@/lib/util/assert";
import type { Choice, PolicyCandidate } from "./policy";
import { speedsOf } from "./speeds";

/** At random, each by its speed, as FastChat's controller does (there every speed is 1). */
export function lottery<T extends PolicyCandidate>({ among, all, random }: Choice<T>): T {
  const speedOf = speedsOf(all);
  let left = random() * among.reduce((sum, it) => sum + speedOf(it), 0);
  for (const candidate of among) {
    left -= speedOf(candidate);
    if (left < 0) return candidate;
  }
  // What rounding leaves over.
  const last = among.at(-1);
  assert(last, "somebody has room");
  return last;
}
