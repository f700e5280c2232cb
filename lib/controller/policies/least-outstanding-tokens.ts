import { assert } from "@/lib/util/assert";
import { least } from "./least";
import type { Choice, PolicyCandidate } from "./policy";
import { speedsOf } from "./speeds";

/**
 * Where all that is promised, this request with it, is done soonest. Requests differ by a hundred times in
 * what they cost, so a short queue may be a long wait; their own tokens count, or an idle slow worker would
 * look as good as an idle fast one.
 */
export function leastOutstandingTokens<T extends PolicyCandidate>(choice: Choice<T>): T {
  const { among, all, ask, random } = choice;
  const speedOf = speedsOf(all);
  const chosen = least(among, (it) => (it.outstandingTokens + ask.tokens) / speedOf(it), random);
  assert(chosen, "somebody has room");
  return chosen;
}
