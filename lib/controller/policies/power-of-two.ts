import { assert } from "@/lib/util/assert";
import type { Choice, PolicyCandidate } from "./policy";
import { speedsOf } from "./speeds";

/**
 * Of two drawn at random the one with fewer requests for its speed. It needs no exact picture: with old numbers it
 * does not send everybody to the one that was idle a moment ago, as choosing the best of all does.
 */
export function powerOfTwo<T extends PolicyCandidate>({ among, all, random }: Choice<T>): T {
  const firstAt = Math.floor(random() * among.length);
  // Any but the first, each as likely.
  const step = 1 + Math.floor(random() * (among.length - 1));
  const first = among[firstAt];
  const second = among[(firstAt + step) % among.length];
  assert(first && second, "somebody has room");
  const speedOf = speedsOf(all);
  return second.load / speedOf(second) < first.load / speedOf(first) ? second : first;
}
