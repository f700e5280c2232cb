import { expect, test } from "vitest";
import { seededRandom } from "@/lib/util/random";
import { expAtMostOne } from "./exp-at-most-one";

test("fuzz: agrees with Math.exp over the whole range", () => {
  const seed = 8;
  const random = seededRandom(seed);
  let worst = 0;
  for (let round = 0; round < 100_000; round++) {
    const x = -708 * random() ** 4;
    worst = Math.max(worst, Math.abs(expAtMostOne(x) / Math.exp(x) - 1));
  }
  expect(worst, `seed ${seed}`).toBeLessThan(1e-13);
});

test("at the ends", () => {
  expect(expAtMostOne(0)).toBe(1);
  expect(expAtMostOne(-0)).toBe(1);
  expect(expAtMostOne(-1e-300)).toBe(1);
  expect(expAtMostOne(-708) / Math.exp(-708)).toBeCloseTo(1, 12);
  expect(expAtMostOne(-709)).toBe(0);
  expect(expAtMostOne(Number.NEGATIVE_INFINITY)).toBe(0);
  expect(expAtMostOne(Number.NaN)).toBeNaN();
});
