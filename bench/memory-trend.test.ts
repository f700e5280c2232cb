import { expect, test } from "vitest";
import { toMemoryTrend } from "./memory-trend";

const samples = (sizes: number[]) =>
  sizes.map((rssBytes, atMs) => ({ atMs, rssBytes, heapBytes: 0 }));

test("what grows while it warms up is not counted", () => {
  const sizes = Array.from({ length: 100 }, (_, index) => (index < 25 ? index : 25));
  expect(toMemoryTrend(samples(sizes)).growthBytes).toBe(0);
});

test("a leak shows, a wave does not", () => {
  const leak = Array.from({ length: 100 }, (_, index) => index);
  expect(toMemoryTrend(samples(leak)).growthBytes).toBe(55);
  const wave = Array.from({ length: 100 }, (_, index) => (index % 2) * 10);
  expect(Math.abs(toMemoryTrend(samples(wave)).growthBytes)).toBeLessThanOrEqual(10);
});
