import { describe, expect, test } from "vitest";
import { seededRandom } from "@/lib/util/random";
import {
  logProbabilityOf,
  logSumExp,
  reportTokens,
  topLogProbabilities,
} from "./log-probabilities";
import { normalRow, withLists, withoutLists } from "./testing";

const row = Float32Array.of(Math.log(0.5), Math.log(0.3), Math.log(0.2));

describe("the sum of exponentials", () => {
  test("is that of small numbers worked out by hand", () => {
    expect(logSumExp(row)).toBeCloseTo(0, 6);
    expect(logSumExp(Float32Array.of(0, 0, 0, 0))).toBeCloseTo(Math.log(4), 12);
    expect(logSumExp(Float32Array.of(-7))).toBe(-7);
  });

  test("neither overflows nor minds what is impossible", () => {
    expect(logSumExp(Float32Array.of(1e4, 1e4))).toBeCloseTo(1e4 + Math.log(2), 9);
    expect(logSumExp(Float32Array.of(-1e4, -1e4))).toBeCloseTo(-1e4 + Math.log(2), 9);
    expect(logSumExp(Float32Array.of(Number.NEGATIVE_INFINITY, 3))).toBe(3);
  });

  test.each([
    [Number.NaN],
    [Number.NaN, 1],
    [1, Number.NaN],
    [1, Number.POSITIVE_INFINITY],
    [Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY],
  ])("refuses a row without usable numbers, %#", (...values) => {
    expect(() => logSumExp(Float32Array.from(values))).toThrow(/no usable numbers/);
    expect(() => reportTokens(withoutLists(Float32Array.from(values)), 0, 1)).toThrow(/usable/);
  });
});

describe("log-probabilities", () => {
  test("are those of the softmax, whatever is added to all logits", () => {
    expect(logProbabilityOf(row, 1)).toBeCloseTo(Math.log(0.3), 5);
    const raised = row.map((it) => it + 80);
    expect(logProbabilityOf(raised, 1)).toBeCloseTo(Math.log(0.3), 4);
    expect(logProbabilityOf(Float32Array.of(Number.NEGATIVE_INFINITY, 0), 0)).toBe(
      Number.NEGATIVE_INFINITY,
    );
  });

  test("the top ones come best first, equal ones in order of id", () => {
    expect(topLogProbabilities(row, 2).map((it) => it.id)).toEqual([0, 1]);
    const ties = Float32Array.of(1, 2, 2, 1);
    expect(topLogProbabilities(ties, 3).map((it) => it.id)).toEqual([1, 2, 0]);
    expect(topLogProbabilities(row, 9)).toHaveLength(3);
    expect(topLogProbabilities(row, 0)).toEqual([]);
  });
});

describe("a report", () => {
  test("fuzz: is the same with the graph's list and without, and agrees with itself to the bit", () => {
    const seed = 12;
    const random = seededRandom(seed);
    for (let round = 0; round < 300; round++) {
      const all = normalRow(random, 1 + Math.floor(random() * 200), 3);
      if (random() < 0.5) for (const [id, it] of all.entries()) all[id] = Math.round(it);
      const count = Math.floor(random() * 30);
      const id = Math.floor(random() * all.length);
      const long = reportTokens(withoutLists(all), id, count);
      const lists = withLists(all, { temperature: 1, topLength: Math.min(64, all.length) });
      expect(reportTokens(lists, id, count), `seed ${seed}, round ${round}`).toEqual(long);
      expect(long.logProbability).toBe(logProbabilityOf(all, id));
      expect(long.alternatives).toEqual(topLogProbabilities(all, count));
      for (const it of long.alternatives) {
        if (it.id === id) expect(it.logProbability).toBe(long.logProbability);
      }
    }
  });

  test("is of the model's own numbers: nothing was banned or heated", () => {
    const { logProbability, alternatives } = reportTokens(withoutLists(row), 2, 1);
    expect(logProbability).toBeCloseTo(Math.log(0.2), 6);
    expect(alternatives).toEqual([{ id: 0, logProbability: logProbabilityOf(row, 0) }]);
  });
});
