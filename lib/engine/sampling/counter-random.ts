/**
 * Random numbers by position instead of by order: the number at (seed, position) is the same whatever
 * else was drawn before, so a seeded text does not depend on which sequences share the machine.
 *
 * Philox4x32 with 10 rounds (Salmon, Moraes, Dror, Shaw: "Parallel Random Numbers: As Easy as 1, 2, 3",
 * SC 2011): a keyed bijection of a 128-bit counter. The seed is the key; the position and the number of
 * the choice, for requests with several answers, are words of the counter.
 */
const ROUNDS = 10;
const MULTIPLIER_0 = 0xd2511f53;
const MULTIPLIER_1 = 0xcd9e8d57;
const WEYL_0 = 0x9e3779b9;
const WEYL_1 = 0xbb67ae85;

export type PhiloxCounter = readonly [number, number, number, number];

/** One block: four 32-bit words. Exported for the published test vectors. */
export function philox(counter: PhiloxCounter, key: readonly [number, number]): PhiloxCounter {
  let [c0, c1, c2, c3] = counter;
  let [k0, k1] = key;
  for (let round = 0; round < ROUNDS; round++) {
    const high0 = multiplyHigh(MULTIPLIER_0, c0);
    const high1 = multiplyHigh(MULTIPLIER_1, c2);
    const low0 = Math.imul(MULTIPLIER_0, c0);
    c0 = (high1 ^ c1 ^ k0) >>> 0;
    c1 = Math.imul(MULTIPLIER_1, c2) >>> 0;
    c2 = (high0 ^ c3 ^ k1) >>> 0;
    c3 = low0 >>> 0;
    k0 = (k0 + WEYL_0) >>> 0;
    k1 = (k1 + WEYL_1) >>> 0;
  }
  return [c0, c1, c2, c3];
}

/**
 * A number in [0, 1) with 53 random bits for one position of one choice of one seed.
 *
 * @param lane counts the numbers that one draw needs when its first is not enough, as drawing again
 * what a grammar does not allow: another word of the counter, so each lane is independent of the others.
 */
export function randomAt(seed: number, position: number, choice = 0, lane = 0): number {
  const [high, low] = philox([position >>> 0, choice >>> 0, lane >>> 0, 0], toKey(seed));
  return ((high >>> 5) * 2 ** 26 + (low >>> 6)) / 2 ** 53;
}

/** A safe integer as two words; different seeds, negative ones included, give different keys. */
function toKey(seed: number): [number, number] {
  return [seed >>> 0, Math.floor(seed / 2 ** 32) >>> 0];
}

/** The high 32 bits of a 32 × 32 bit product, by halves; no sum exceeds 32 bits. */
function multiplyHigh(a: number, b: number): number {
  const aHigh = a >>> 16;
  const aLow = a & 0xffff;
  const bHigh = b >>> 16;
  const bLow = b & 0xffff;
  const middle = (Math.imul(aHigh, bLow) >>> 0) + (Math.imul(aLow, bLow) >>> 16);
  const cross = (Math.imul(aLow, bHigh) >>> 0) + (middle & 0xffff);
  return (Math.imul(aHigh, bHigh) + (middle >>> 16) + (cross >>> 16)) >>> 0;
}
