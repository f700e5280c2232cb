import { expect, test } from "vitest";
import { decodeRate } from "./decode-rate";

test("one sequence: tokens after the first, over the time they took", () => {
  expect(decodeRate([[100, 110, 120, 130]])).toEqual({
    tokensPerSecond: 100,
    meanTokensPerSecond: 100,
    stepMs: 10,
  });
});

test("several: only the time in which all of them ran", () => {
  // The second begins at 120, the first ends at 140: two tokens each in those 20 ms. The first one's
  // steps alone were quicker, and do not count.
  const rate = decodeRate([
    [106, 113, 120, 130, 140],
    [120, 130, 140, 150, 160],
  ]);
  expect(rate).toEqual({ tokensPerSecond: 200, meanTokensPerSecond: 200, stepMs: 10 });
});

test("one long step shows in the mean and not in the median", () => {
  const rate = decodeRate([[0, 10, 20, 30, 80]]);
  expect(rate).toEqual({ tokensPerSecond: 100, meanTokensPerSecond: 50, stepMs: 10 });
});
