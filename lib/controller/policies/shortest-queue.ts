import { assert } from "@/lib/util/assert";
import { least } from "./least";
import type { Choice, PolicyCandidate } from "./policy";
import { speedsOf } from "./speeds";

/** The fewest requests for its speed, as FastChat's controller does. */
export function shortestQueue<T extends PolicyCandidate>({ among, all, random }: Choice<T>): T {
  const speedOf = speedsOf(all);
  const chosen = least(among, (it) => it.load / speedOf(it), random);
  assert(chosen, "somebody has room");
  return chosen;
}
