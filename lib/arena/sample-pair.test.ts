import { expect, test } from "vitest";
import { seededRandom } from "@/lib/util/random";
import { samplePair } from "./sample-pair";

test("every ordered pair is drawn equally often, and its probability is told", () => {
  const seed = 7;
  const random = seededRandom(seed);
  const counts = new Map<string, number>();
  const rounds = 24_000;
  for (let round = 0; round < rounds; round++) {
    const { a, b, probability } = samplePair(["w", "x", "y", "z"], random);
    expect(probability).toBeCloseTo(1 / 12, 12);
    counts.set(a + b, (counts.get(a + b) ?? 0) + 1);
  }
  expect(counts.size).toBe(12);
  const expected = rounds / 12;
  const chiSquare = [...counts.values()].reduce(
    (sum, n) => sum + (n - expected) ** 2 / expected,
    0,
  );
  // The 99.9 % quantile for 11 degrees of freedom.
  expect(chiSquare, `seed ${seed}`).toBeLessThan(31.3);
});

test("two models take both sides", () => {
  expect(samplePair(["x", "y"], () => 0)).toEqual({ a: "x", b: "y", probability: 0.5 });
  expect(samplePair(["x", "y"], () => 0.99)).toEqual({ a: "y", b: "x", probability: 0.5 });
});

test("fewer than two awake are no battle", () => {
  expect(() => samplePair([])).toThrow("no model is awake");
  expect(() => samplePair(["x"])).toThrow("only one model is awake");
});
