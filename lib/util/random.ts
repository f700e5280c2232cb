/** A source of numbers in [0, 1). The default is the process's own; tests hand in a seeded one. */
export type Random = () => number;

/**
 * Deterministic generator for tests and sampling: splitmix32, full period 2^32, passes gjrand as
 * published by its author. Not for secrets.
 */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x9e3779b9) >>> 0;
    let mixed = state ^ (state >>> 16);
    mixed = Math.imul(mixed, 0x21f0aaad);
    mixed ^= mixed >>> 15;
    mixed = Math.imul(mixed, 0x735a2d97);
    return ((mixed ^ (mixed >>> 15)) >>> 0) / 4294967296;
  };
}
