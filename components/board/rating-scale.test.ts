import { expect, test } from "vitest";
import { toPercent, toRatingScale } from "./rating-scale";

const scored = (rating: number | null, lower = rating, upper = rating) => ({
  rating,
  lower,
  upper,
});

test("the scale holds every interval and has few ticks", () => {
  const scale = toRatingScale([scored(1103, 1071, 1139), scored(1000, 970, 1031), scored(null)]);
  expect(scale?.lower).toBeLessThan(970);
  expect(scale?.upper).toBeGreaterThan(1139);
  expect(scale?.ticks.length).toBeLessThanOrEqual(6);
  expect(scale && toPercent(scale.lower, scale)).toBe(0);
  expect(scale && toPercent(scale.upper, scale)).toBe(100);
  expect(toRatingScale([scored(null)])).toBeUndefined();
});

test("one model without a spread still has a scale", () => {
  const scale = toRatingScale([scored(1000)]);
  expect(scale && toPercent(1000, scale)).toBeGreaterThan(0);
  expect(scale && toPercent(1000, scale)).toBeLessThan(100);
});

test("one very wide interval does not press all scores together", () => {
  const scale = toRatingScale([
    scored(1_050, 1_040, 1_060),
    scored(950, 940, 960),
    scored(1_000, -4_000, 6_000),
  ]);
  expect(scale?.lower).toBeGreaterThan(500);
  expect(scale?.upper).toBeLessThan(1_500);
  // It is drawn from end to end.
  expect(scale && [toPercent(-4_000, scale), toPercent(6_000, scale)]).toEqual([0, 100]);
});
