import { randomInt } from "node:crypto";

/** Any integer that a JSON number holds would do; `randomInt` takes spans below 2^48. */
const DRAWN_SEED_MAX = 2 ** 47;

/** The seed of a request that brought none. */
export function drawSeed(): number {
  return randomInt(DRAWN_SEED_MAX);
}
