/** Goal: tails and quantiles are those of published tables (NIST/SEMATECH e-Handbook 1.3.6.7.4, and by R's qchisq). */
import { expect, test } from "vitest";
import { chiSquareQuantile, chiSquareTail } from "./chi-square";

test.each([
  [0.05, 2, 5.991],
  [0.01, 2, 9.21],
  [0.001, 2, 13.816],
  [0.1, 4, 7.779],
  [0.05, 10, 18.307],
  [0.01, 20, 37.566],
  [0.95, 20, 10.851],
  [0.001, 50, 86.661],
  [0.05, 100, 124.342],
  [0.01, 100, 135.807],
])("beyond %d with %d degrees lies %d", (tail, degrees, value) => {
  expect(chiSquareQuantile(tail, degrees)).toBeCloseTo(value, 2);
  expect(chiSquareTail(chiSquareQuantile(tail, degrees), degrees)).toBeCloseTo(tail, 12);
});

test("far out and with many degrees nothing is lost", () => {
  expect(chiSquareTail(2 * Math.log(1e6), 2)).toBeCloseTo(1e-6, 18);
  // With two degrees the distribution is exponential.
  expect(chiSquareQuantile(1e-300, 2)).toBeCloseTo(600 * Math.LN10, 6);
  expect(chiSquareTail(2_000, 2_000)).toBeGreaterThan(0.45);
  expect(chiSquareTail(2_000, 2_000)).toBeLessThan(0.55);
  expect(chiSquareTail(10, 2_000)).toBe(1);
  expect(chiSquareTail(0, 2)).toBe(1);
});
