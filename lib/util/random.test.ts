import { expect, test } from "vitest";
import { backoffMs } from "./backoff";
import { seededRandom } from "./random";

test("one seed is one sequence, within [0, 1), evenly spread", () => {
  const first = seededRandom(42);
  const second = seededRandom(42);
  const buckets = new Array<number>(10).fill(0);
  for (let index = 0; index < 100_000; index++) {
    const value = first();
    expect(second()).toBe(value);
    buckets[Math.floor(value * 10)]! += 1;
  }
  // Chi-square with 9 degrees of freedom: 27.9 is its 99.9 % point.
  const chiSquare = buckets.reduce((sum, count) => sum + (count - 10_000) ** 2 / 10_000, 0);
  expect(chiSquare).toBeLessThan(27.9);
});

test("back-off doubles up to its ceiling and never falls below half of it", () => {
  const options = { firstMs: 100, longestMs: 1_000 };
  expect(backoffMs(0, options, () => 0)).toBe(50);
  expect(backoffMs(2, options, () => 1)).toBe(400);
  expect(backoffMs(50, options, () => 1)).toBe(1_000);
});
