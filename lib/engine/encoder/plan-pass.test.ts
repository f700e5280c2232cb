import { expect, test } from "vitest";
import { seededRandom } from "@/lib/util/random";
import { PASS_TOKENS_MAX, planPass } from "./plan-pass";

/** What the module's own table says a pass costs, in tokens. */
const PASS = 10;

function costOf(lengths: readonly number[], cuts: readonly number[]): number {
  let first = 0;
  return cuts.reduce((cost, rows) => {
    const length = lengths[first] ?? 0;
    first += rows;
    return cost + PASS + rows * length;
  }, 0);
}

/** The least cost of all ways to cut the list into passes. */
function leastCost(lengths: readonly number[]): number {
  if (lengths.length === 0) return 0;
  const [length = 0] = lengths;
  const rowsMax = Math.max(1, Math.floor(PASS_TOKENS_MAX / length));
  const costs = Array.from({ length: Math.min(rowsMax, lengths.length) }, (_, index) => {
    return PASS + (index + 1) * length + leastCost(lengths.slice(index + 1));
  });
  return Math.min(...costs);
}

function cutAll(lengths: readonly number[]): number[] {
  const cuts: number[] = [];
  for (let left = [...lengths]; left.length > 0; left = left.slice(cuts.at(-1))) {
    cuts.push(planPass(left));
  }
  return cuts;
}

test("texts of one length run together as far as a pass goes, a long one alone", () => {
  expect(planPass(new Array(100).fill(16))).toBe(PASS_TOKENS_MAX / 16);
  expect(planPass([2_000, 1_999])).toBe(1);
  expect(planPass([40, 40, 3, 3, 3])).toBe(2);
  expect(planPass([40, 38, 37])).toBe(3);
  expect(planPass([5, 5, 5], 1)).toBe(1);
});

test("taken one after the other, passes cost the least there is", () => {
  const seed = 11;
  const random = seededRandom(seed);
  for (let round = 0; round < 60; round++) {
    const spread = 5 + Math.floor(random() * 120);
    const lengths = Array.from({ length: 1 + Math.floor(random() * 11) }, () =>
      Math.floor(3 + random() * spread),
    ).sort((a, b) => b - a);
    expect(costOf(lengths, cutAll(lengths)), `seed ${seed}: ${lengths}`).toBe(leastCost(lengths));
  }
});
