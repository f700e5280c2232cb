import { expect, test } from "vitest";
import { drawRuleSchema } from "@/lib/protocol/arena-settings";
import { seededRandom } from "@/lib/util/random";
import { weighPairs } from "./draw-weights";
import { samplePair, sampleRival } from "./sample-pair";

const NAMES = ["w", "x", "y", "z"];
const TABLE = weighPairs(NAMES, [
  drawRuleSchema.parse({ model: "w", weight: 2, boost: 3 }),
  drawRuleSchema.parse({ model: "x", targets: ["y"], targetShare: 0.7 }),
  drawRuleSchema.parse({ model: "z", strictTargets: ["w", "x"] }),
]);

/** The 99.9 % quantiles, by degrees of freedom. */
const CHI_SQUARE_999: Record<number, number> = { 1: 10.83, 2: 13.82, 9: 27.88, 11: 31.26 };

function chiSquare(counts: readonly number[], probabilities: readonly number[]): number {
  const rounds = counts.reduce((sum, it) => sum + it, 0);
  return counts.reduce((sum, count, at) => {
    const expected = rounds * (probabilities[at] ?? 0);
    return expected === 0 ? sum : sum + (count - expected) ** 2 / expected;
  }, 0);
}

test("pairs come as often as their probabilities say, and the probability is told", () => {
  const seed = 7;
  const random = seededRandom(seed);
  const counts = Array<number>(16).fill(0);
  for (let round = 0; round < 40_000; round++) {
    const drawn = samplePair(TABLE, random);
    if (drawn === undefined) throw new Error("two may meet");
    const at = drawn.a * 4 + drawn.b;
    expect(drawn.probability).toBe(TABLE.probabilities[at]);
    counts[at] = (counts[at] ?? 0) + 1;
  }
  const possible = TABLE.probabilities.filter((it) => it > 0).length;
  // All twelve but y and z, who may not meet.
  expect(possible).toBe(10);
  expect(counts.filter((it) => it > 0)).toHaveLength(possible);
  const statistic = chiSquare(counts, [...TABLE.probabilities]);
  expect(statistic, `seed ${seed}`).toBeLessThan(CHI_SQUARE_999[possible - 1] ?? 0);
});

test("who is drawn stands left as often as right", () => {
  const seed = 11;
  const random = seededRandom(seed);
  const sides = [0, 0];
  for (let round = 0; round < 10_000; round++) {
    const drawn = samplePair(TABLE, random);
    if (drawn?.a === 0) sides[0] = (sides[0] ?? 0) + 1;
    if (drawn?.b === 0) sides[1] = (sides[1] ?? 0) + 1;
  }
  expect(chiSquare(sides, [0.5, 0.5]), `seed ${seed}`).toBeLessThan(CHI_SQUARE_999[1] ?? 0);
});

test("a rival comes as often as pairs with the one that stays do", () => {
  const seed = 13;
  const random = seededRandom(seed);
  const row = [...TABLE.probabilities.slice(4, 8)];
  const sum = row.reduce((total, it) => total + it, 0);
  const counts = [0, 0, 0, 0];
  for (let round = 0; round < 10_000; round++) {
    const drawn = sampleRival(TABLE, 1, random);
    if (drawn === undefined) throw new Error("x may meet somebody");
    expect(drawn.probability).toBe(row[drawn.rival]);
    counts[drawn.rival] = (counts[drawn.rival] ?? 0) + 1;
  }
  expect(counts[1]).toBe(0);
  const shares = row.map((it) => it / sum);
  expect(chiSquare(counts, shares), `seed ${seed}`).toBeLessThan(CHI_SQUARE_999[2] ?? 0);
});

test("the ends of the source of numbers are pairs too, and none that is ruled out", () => {
  for (const random of [() => 0, () => 1 - 2 ** -53]) {
    const drawn = samplePair(TABLE, random);
    expect(drawn?.probability).toBeGreaterThan(0);
    expect(sampleRival(TABLE, 2, random)?.probability).toBeGreaterThan(0);
  }
});

test("where nobody may meet nobody is drawn", () => {
  const empty = weighPairs(["x"], []);
  expect(samplePair(empty, () => 0.5)).toBeUndefined();
  expect(sampleRival(empty, 0, () => 0.5)).toBeUndefined();
});
