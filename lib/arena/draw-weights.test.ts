/** Goal: each knob does what it says, alone and with others. Method: probabilities worked out by hand, then random rules. */
import { describe, expect, test } from "vitest";
import { type DrawRule, drawRuleSchema } from "@/lib/protocol/arena-settings";
import { type Random, seededRandom } from "@/lib/util/random";
import { levelPairs, type PairTable, weighPairs } from "./draw-weights";

const rule = (model: string, knobs: Partial<DrawRule> = {}) =>
  drawRuleSchema.parse({ model, ...knobs });

/** Of two models, whichever sides they are on. */
function pair({ models, probabilities }: PairTable, one: string, other: string): number {
  const at = (left: string, right: string) =>
    probabilities[models.indexOf(left) * models.length + models.indexOf(right)] ?? Number.NaN;
  return at(one, other) + at(other, one);
}

const sumOf = (table: PairTable) => table.probabilities.reduce((sum, it) => sum + it, 0);

describe("one knob", () => {
  test("none: every ordered pair alike", () => {
    const table = weighPairs(["w", "x", "y", "z"], []);
    expect([...table.probabilities].filter((it) => it > 0)).toHaveLength(12);
    for (const it of table.probabilities) if (it > 0) expect(it).toBeCloseTo(1 / 12, 12);
    expect(pair(table, "w", "w")).toBe(0);
  });

  test("weight: first by weight, the rival by weight among the others", () => {
    const table = weighPairs(["x", "y", "z"], [rule("x", { weight: 2 })]);
    // x first: 1/2, then y or z evenly; y first: 1/4, then x with 2/3.
    expect(pair(table, "x", "y")).toBeCloseTo(1 / 2 / 2 + (1 / 4) * (2 / 3), 12);
    expect(pair(table, "y", "z")).toBeCloseTo(2 * (1 / 4) * (1 / 3), 12);
  });

  test("weight 0 and an outage: never drawn", () => {
    for (const knobs of [{ weight: 0 }, { isOut: true }, { weight: 0, boost: 5 }]) {
      const table = weighPairs(["x", "y", "z"], [rule("x", knobs)]);
      expect(pair(table, "x", "y")).toBe(0);
      expect(pair(table, "x", "z")).toBe(0);
      expect(pair(table, "y", "z")).toBeCloseTo(1, 12);
    }
  });

  test("boost: counts where a model is drawn first and not where it is the rival", () => {
    const table = weighPairs(["x", "y", "z"], [rule("x", { boost: 5 })]);
    // x first with 5/7; as a rival of y or z it has a half as before.
    expect(pair(table, "x", "y")).toBeCloseTo((5 / 7) * (1 / 2) + (1 / 7) * (1 / 2), 12);
    expect(pair(table, "y", "z")).toBeCloseTo(2 * (1 / 7) * (1 / 2), 12);
  });

  test("targets: they take their share of a model's draws, evenly, and the others the rest by weight", () => {
    const names = ["x", "y", "z", "v", "w"];
    const table = weighPairs(names, [
      rule("x", { targets: ["y", "z", "asleep"], targetShare: 0.8 }),
      rule("y", { weight: 3 }),
    ]);
    // Weights 1, 3, 1, 1, 1. x first with 1/7: y and z get 0.4 each whatever they weigh; y first with 3/7.
    const asRival = (weight: number, others: number) => weight / others;
    expect(pair(table, "x", "y")).toBeCloseTo((1 / 7) * 0.4 + (3 / 7) * asRival(1, 4), 12);
    expect(pair(table, "x", "z")).toBeCloseTo((1 / 7) * 0.4 + (1 / 7) * asRival(1, 6), 12);
    expect(pair(table, "x", "w")).toBeCloseTo((1 / 7) * 0.1 + (1 / 7) * asRival(1, 6), 12);
  });

  test("targets that are all out leave their share to the others, and all to them where nobody else is", () => {
    const targets = rule("x", { targets: ["y"], targetShare: 0.9 });
    const without = weighPairs(["x", "y", "z", "w"], [targets, rule("y", { isOut: true })]);
    expect(pair(without, "x", "z")).toBeCloseTo(1 / 3, 12);
    const only = weighPairs(["x", "y"], [targets]);
    expect(pair(only, "x", "y")).toBeCloseTo(1, 12);
  });

  test("strict targets: a model meets nobody else, and nobody else meets it", () => {
    const table = weighPairs(
      ["org/small", "org/large", "other/small", "other/large"],
      [rule("org/small", { strictTargets: ["*/small", "unknown"] })],
    );
    expect(pair(table, "org/small", "other/large")).toBe(0);
    expect(pair(table, "org/small", "org/large")).toBe(0);
    expect(pair(table, "org/small", "other/small")).toBeGreaterThan(0);
    expect(pair(table, "org/large", "other/small")).toBeGreaterThan(0);
    // First org/small (1/4), whose one rival is certain; or other/small (1/4), one of three.
    expect(pair(table, "org/small", "other/small")).toBeCloseTo(1 / 4 + 1 / 4 / 3, 12);
  });

  test("anonymous-only: meets others, never its like", () => {
    const isAnonymousOnly = true;
    const table = weighPairs(
      ["x", "y", "z"],
      [rule("x", { isAnonymousOnly }), rule("y", { isAnonymousOnly })],
    );
    expect(pair(table, "x", "y")).toBe(0);
    expect(pair(table, "x", "z")).toBeCloseTo(1 / 2, 12);
    expect(sumOf(table)).toBeCloseTo(1, 12);
  });
});

describe("where nobody may meet", () => {
  const isAnonymousOnly = true;
  test.each<[string, string[], DrawRule[]]>([
    ["nobody is there", [], []],
    ["one is there", ["x"], []],
    ["all weights are 0", ["x", "y"], [rule("x", { weight: 0 }), rule("y", { weight: 0 })]],
    ["all but one are out", ["x", "y"], [rule("y", { isOut: true })]],
    ["strict targets name nobody", ["x", "y"], [rule("x", { strictTargets: ["z"] })]],
    [
      "all are anonymous",
      ["x", "y"],
      [rule("x", { isAnonymousOnly }), rule("y", { isAnonymousOnly })],
    ],
  ])("%s: all is zero, and nothing is NaN", (_, models, rules) => {
    for (const table of [weighPairs(models, rules), levelPairs(weighPairs(models, rules))])
      expect([...table.probabilities].every((it) => it === 0)).toBe(true);
  });

  test("a model without a rival is not drawn first, and the others make up for it", () => {
    const table = weighPairs(["x", "y", "z"], [rule("x", { strictTargets: ["asleep"] })]);
    expect(pair(table, "y", "z")).toBeCloseTo(1, 12);
  });
});

test("with random rules: a table is symmetric and sums to 1, and lets nobody meet who may not", () => {
  const seed = 20_251;
  const random = seededRandom(seed);
  for (let round = 0; round < 400; round++) {
    const { models, rules } = randomRules(random);
    const context = `seed ${seed}, round ${round}`;
    const weighed = weighPairs(models, rules);
    const sum = sumOf(weighed);
    if (sum !== 0) expect(sum, context).toBeCloseTo(1, 9);
    expect(sumOf(levelPairs(weighed)), context).toBeCloseTo(sum, 9);
    for (const [left, one] of models.entries()) {
      for (const [right, other] of models.entries()) {
        const probability = weighed.probabilities[left * models.length + right] ?? Number.NaN;
        expect(probability, context).toBe(
          weighed.probabilities[right * models.length + left] ?? Number.NaN,
        );
        expect(probability >= 0, context).toBe(true);
        const [mine, theirs] = [one, other].map((name) => rules.find((it) => it.model === name));
        const isRuledOut =
          left === right ||
          [mine, theirs].some((it) => it?.isOut || it?.weight === 0) ||
          (mine?.isAnonymousOnly && theirs?.isAnonymousOnly);
        if (isRuledOut) expect(probability, context).toBe(0);
      }
    }
  }
});

function randomRules(random: Random): { models: string[]; rules: DrawRule[] } {
  const models = Array.from({ length: Math.floor(random() * 8) }, (_, at) => `m${at}`);
  const some = (from: readonly string[]) => from.filter(() => random() < 0.3);
  const rules = some(models).map((model) =>
    rule(model, {
      weight: random() < 0.2 ? 0 : random() * 10,
      boost: 1 + random() * 9,
      targets: some(["m0", "m1", "m2", "gone"]),
      targetShare: random(),
      strictTargets: some(["m*", "m3", "*4", "gone"]),
      isAnonymousOnly: random() < 0.3,
      isOut: random() < 0.2,
    }),
  );
  return { models, rules };
}
