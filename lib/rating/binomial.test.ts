import { expect, test } from "vitest";
import { seededRandom } from "@/lib/util/random";
import { drawBinomial } from "./binomial";
import { chiSquareTail } from "./chi-square";

const SEED = 41;

test.each([
  [1, 0.3],
  [7, 0.5],
  [1_000_000, 3e-6],
  [50, 0.4],
  [1000, 0.02],
  [1_000_000, 2e-5],
  [300, 0.93],
])("%i tries at %f come out as often as they should", (count, probability) => {
  const random = seededRandom(SEED);
  const draws = 40_000;
  const seen = new Map<number, number>();
  for (let draw = 0; draw < draws; draw++) {
    const value = drawBinomial(count, probability, random);
    seen.set(value, (seen.get(value) ?? 0) + 1);
  }
  // Pearson's test over values that are expected often enough; all others together.
  let [statistic, classes, known, expectedKnown] = [0, 0, 0, 0];
  let log = count * Math.log1p(-probability);
  for (let value = 0; value <= Math.min(count, 2000); value++) {
    const expected = draws * Math.exp(log);
    if (expected >= 10) {
      statistic += ((seen.get(value) ?? 0) - expected) ** 2 / expected;
      classes += 1;
      known += seen.get(value) ?? 0;
      expectedKnown += expected;
    }
    log += Math.log((count - value) / (value + 1)) + Math.log(probability / (1 - probability));
  }
  const rest = draws - expectedKnown;
  if (rest > 5) statistic += (draws - known - rest) ** 2 / rest;
  expect(chiSquareTail(statistic, 2 * Math.ceil(classes / 2)), `seed ${SEED}`).toBeGreaterThan(
    1e-3,
  );
});

test("none and all", () => {
  const random = seededRandom(SEED);
  expect([
    drawBinomial(0, 0.5, random),
    drawBinomial(9, 0, random),
    drawBinomial(9, 1, random),
  ]).toEqual([0, 0, 9]);
});
