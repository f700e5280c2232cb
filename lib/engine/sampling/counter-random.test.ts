import { expect, test } from "vitest";
import { philox, randomAt } from "./counter-random";

/** Known answers of philox4x32-10, from the tests of the authors' library (Random123, kat_vectors). */
test.each([
  [
    [0, 0, 0, 0],
    [0, 0],
    [0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8],
  ],
  [
    [0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff],
    [0xffffffff, 0xffffffff],
    [0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd],
  ],
  [
    [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344],
    [0xa4093822, 0x299f31d0],
    [0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1],
  ],
] as const)("the published vector %#", (counter, key, expected) => {
  expect(philox(counter, key)).toEqual(expected);
});

test("the same seed and position give the same number, whatever was drawn before", () => {
  const forwards = [0, 1, 2, 3].map((position) => randomAt(7, position));
  const backwards = [3, 2, 1, 0].map((position) => randomAt(7, position)).reverse();
  expect(backwards).toEqual(forwards);
});

test("seeds over the whole range of safe integers differ", () => {
  const seeds = [0, 1, -1, 2 ** 32, -(2 ** 32), Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER];
  expect(new Set(seeds.map((seed) => randomAt(seed, 5))).size).toBe(seeds.length);
});

test("numbers lie in [0, 1) and spread evenly", () => {
  const tenths = new Array<number>(10).fill(0);
  const count = 20_000;
  for (let position = 0; position < count; position++) {
    const value = randomAt(99, position);
    expect(value).toBeGreaterThanOrEqual(0);
    expect(value).toBeLessThan(1);
    tenths[Math.floor(value * 10)]!++;
  }
  // Five standard deviations of a binomial with p = 0.1.
  for (const tenth of tenths)
    expect(Math.abs(tenth - count / 10)).toBeLessThan(5 * Math.sqrt(count * 0.09));
});
