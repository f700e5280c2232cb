import { describe, expect, test } from "vitest";
import { seededRandom } from "@/lib/util/random";
import { logProbabilityOf, topLogProbabilities } from "./log-probabilities";
import { pickHighest, sampleToken } from "./sampler";

const logits = (...values: number[]) => Float32Array.from(values);

/** How often each token is drawn over many positions. */
function frequencies(row: Float32Array, temperature: number, topP: number, count = 20_000) {
  const seen = new Array<number>(row.length).fill(0);
  for (let position = 0; position < count; position++) {
    seen[sampleToken(row, { temperature, topP, seed: 3 }, position)]! += 1 / count;
  }
  return seen;
}

describe("greedy", () => {
  test("takes the highest, the lowest id among equals, and no seed changes it", () => {
    expect(pickHighest(logits(1, 5, 5, -2))).toBe(1);
    for (const seed of [1, 2, 3]) {
      expect(sampleToken(logits(1, 2, 9), { temperature: 0, topP: 0.1, seed }, seed)).toBe(2);
    }
  });
});

describe("temperature", () => {
  test("draws with the softmax's probabilities", () => {
    const row = logits(Math.log(0.5), Math.log(0.3), Math.log(0.2));
    for (const [id, share] of frequencies(row, 1, 1).entries()) {
      expect(share).toBeCloseTo([0.5, 0.3, 0.2][id]!, 1);
    }
  });

  test("sharpens below 1 and flattens above", () => {
    const row = logits(1, 0);
    const [cold] = frequencies(row, 0.5, 1);
    const [warm] = frequencies(row, 2, 1);
    expect(cold).toBeCloseTo(1 / (1 + Math.exp(-2)), 1);
    expect(warm).toBeCloseTo(1 / (1 + Math.exp(-0.5)), 1);
  });

  test("a tiny one overflows nothing", () => {
    expect(sampleToken(logits(500, 499, -500), { temperature: 1e-6, topP: 1, seed: 1 }, 0)).toBe(0);
  });
});

describe("top-p", () => {
  test("draws only from the fewest tokens that hold the mass", () => {
    const row = logits(Math.log(0.1), Math.log(0.6), Math.log(0.25), Math.log(0.05));
    const seen = frequencies(row, 1, 0.8);
    expect(seen[0]).toBe(0);
    expect(seen[3]).toBe(0);
    expect(seen[1]).toBeCloseTo(0.6 / 0.85, 1);
  });

  test("always keeps the most likely token", () => {
    expect(frequencies(logits(0, 3, 1), 1, 0.001, 100)[1]).toBeCloseTo(1);
  });

  test("fuzz: the shortcut over candidates equals sorting the whole vocabulary", () => {
    const seed = 31;
    const random = seededRandom(seed);
    for (let round = 0; round < 500; round++) {
      const row = Float32Array.from({ length: 50 }, () => random() * 12 - 6);
      const topP = 0.05 + random() * 0.94;
      const temperature = 0.2 + random() * 1.5;
      const weights = Array.from(row, (it) => Math.exp(it / temperature));
      const sum = weights.reduce((total, it) => total + it, 0);
      const nucleus = new Set<number>();
      let mass = 0;
      for (const [id, weight] of [...weights.entries()].sort((a, b) => b[1] - a[1])) {
        nucleus.add(id);
        mass += weight / sum;
        if (mass >= topP) break;
      }
      const drawn = sampleToken(row, { temperature, topP, seed: round }, round);
      expect(nucleus.has(drawn), `seed ${seed}, round ${round}`).toBe(true);
    }
  });
});

describe("log-probabilities", () => {
  const row = logits(Math.log(0.5), Math.log(0.3), Math.log(0.2));

  test("are those of the softmax, whatever is added to all logits", () => {
    expect(logProbabilityOf(row, 1)).toBeCloseTo(Math.log(0.3), 5);
    expect(
      logProbabilityOf(
        row.map((it) => it + 80),
        1,
      ),
    ).toBeCloseTo(Math.log(0.3), 4);
  });

  test("the top ones come best first, equal ones in order of id", () => {
    expect(topLogProbabilities(row, 2).map((it) => it.id)).toEqual([0, 1]);
    expect(topLogProbabilities(logits(1, 2, 2, 1), 3).map((it) => it.id)).toEqual([1, 2, 0]);
    expect(topLogProbabilities(row, 9)).toHaveLength(3);
    expect(topLogProbabilities(row, 0)).toEqual([]);
  });
});
