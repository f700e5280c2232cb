/**
 * Goal: every step does what its definition says, in the stated order, and the graph's lists never
 * change what is drawn. Method: rows small enough to work out by hand; a plain reference sampler
 * (`sampler-testing.ts`, by sorting everything) for distributions and for thousands of random requests; the same
 * request with and without the lists.
 */
import { describe, expect, test } from "vitest";
import { seededRandom } from "@/lib/util/random";
import { randomAt } from "./counter-random";
import { sampleToken, wantsBlockSums } from "./sampler";
import { countDraws, distribution, drawRequest, expectDistribution } from "./sampler-testing";
import type { SamplingParameters } from "./sampling-parameters";
import { normalRow, parametersOf, stateOf, withLists, withoutLists } from "./testing";
import type { TokenLogits } from "./token-logits";

const row = (...values: number[]) => Float32Array.from(values);
/** Logits whose softmax is `shares`. */
const rowOf = (...shares: number[]) => Float32Array.from(shares, Math.log);

/** The ids that are ever drawn, in order. */
function support(all: Float32Array, changes: Partial<SamplingParameters>, state = stateOf()) {
  const parameters = parametersOf(changes);
  const ids = (logits: TokenLogits) =>
    [...countDraws(logits, parameters, state, 700).keys()].sort((a, b) => a - b);
  const temperature = parameters.temperature || 1;
  const listed = ids(withLists(all, { temperature, topLength: 2, blockSize: 3 }));
  expect(ids(withoutLists(all))).toEqual(listed);
  return listed;
}

describe("greedy", () => {
  test("takes the highest, the lowest id among equals, and no seed changes it", () => {
    for (const seed of [1, 2, 3]) {
      expect(support(row(1, 5, 5, -2), { temperature: 0, seed })).toEqual([1]);
    }
  });

  test("is blind to truncation, not to bias, bans and penalties", () => {
    const all = row(4, 3, 2);
    const greedy = { temperature: 0 };
    expect(support(all, { ...greedy, topP: 0.1, topK: 1, minP: 1 })).toEqual([0]);
    expect(support(all, { ...greedy, logitBias: new Map([[2, 3]]) })).toEqual([2]);
    expect(support(all, greedy, stateOf({ bannedIds: [0] }))).toEqual([1]);
    expect(support(all, { ...greedy, logitBias: new Map([[0, -1]]) })).toEqual([0]);
    const once = stateOf({ outputCounts: new Map([[0, 1]]) });
    expect(support(all, { ...greedy, presencePenalty: 1.5 }, once)).toEqual([1]);
    expect(support(all, { ...greedy, frequencyPenalty: 0.5 }, once)).toEqual([0]);
    const thrice = stateOf({ outputCounts: new Map([[0, 3]]) });
    expect(support(all, { ...greedy, frequencyPenalty: 0.5 }, thrice)).toEqual([1]);
    const prompted = stateOf({ promptIds: [0, 0] });
    expect(support(all, { ...greedy, repetitionPenalty: 1.3 }, prompted)).toEqual([0]);
    expect(support(all, { ...greedy, repetitionPenalty: 1.4 }, prompted)).toEqual([1]);
    expect(support(all, { ...greedy, presencePenalty: 2 }, prompted)).toEqual([0]);
  });

  test("a negative penalty raises a token from outside of the graph's list", () => {
    const state = stateOf({ outputCounts: new Map([[3, 2]]) });
    expect(support(row(4, 3, 2, 1), { temperature: 0, frequencyPenalty: -2 }, state)).toEqual([3]);
  });
});

describe("each truncation", () => {
  const shares = rowOf(0.1, 0.5, 0.25, 0.15);

  test("top-k keeps the most likely, the lower id of equal ones", () => {
    expect(support(shares, { topK: 1 })).toEqual([1]);
    expect(support(shares, { topK: 2 })).toEqual([1, 2]);
    expect(support(shares, { topK: 4 })).toEqual([0, 1, 2, 3]);
    expect(support(row(1, 2, 2, 2), { topK: 2 })).toEqual([1, 2]);
  });

  test("top-p keeps the least set that holds the mass, and always one", () => {
    expect(support(shares, { topP: 0.49 })).toEqual([1]);
    expect(support(shares, { topP: 0.51 })).toEqual([1, 2]);
    expect(support(shares, { topP: 0.76 })).toEqual([1, 2, 3]);
    expect(support(shares, { topP: 0.95 })).toEqual([0, 1, 2, 3]);
    expect(support(shares, { topP: 0 })).toEqual([1]);
  });

  test("min-p keeps what is likely beside the most likely", () => {
    expect(support(shares, { minP: 1 })).toEqual([1]);
    expect(support(shares, { minP: 0.49 })).toEqual([1, 2]);
    expect(support(shares, { minP: 0.29 })).toEqual([1, 2, 3]);
    expect(support(shares, { minP: 0.01 })).toEqual([0, 1, 2, 3]);
    expect(support(row(1, 1, 0), { minP: 1 })).toEqual([0, 1]);
  });
});

describe("the order of the steps", () => {
  test("bias comes before the repetition penalty", () => {
    // 2 · 1 + 3 = 5 would win; (1 + 3) / 2 = 2 does not; penalty first: 1 / 2 + 3 = 3.5 would.
    const bias = { logitBias: new Map([[0, 3]]), repetitionPenalty: 2, temperature: 0 };
    expect(support(row(1, 2.5), bias, stateOf({ promptIds: [0] }))).toEqual([1]);
  });

  test("repetition comes before presence and frequency", () => {
    // 4 / 2 − 1 = 1 is below 1.25; (4 − 1) / 2 = 1.5 would not be.
    const state = stateOf({ outputCounts: new Map([[0, 1]]) });
    const greedy = { temperature: 0, repetitionPenalty: 2 };
    expect(support(row(4, 1.25), { ...greedy, presencePenalty: 1 }, state)).toEqual([1]);
    expect(support(row(4, 1.25), { ...greedy, frequencyPenalty: 1 }, state)).toEqual([1]);
  });

  test("temperature comes before min-p and top-p", () => {
    // Shares 0.6, 0.3, 0.1 become 0.78, 0.20, 0.02 at a temperature of 0.5.
    expect(support(rowOf(0.6, 0.3, 0.1), { temperature: 0.5, topP: 0.75 })).toEqual([0]);
    expect(support(rowOf(0.6, 0.3, 0.1), { temperature: 0.5, minP: 0.3 })).toEqual([0]);
  });

  test("penalties come before temperature", () => {
    // (1 − 0.5) / 0.1 against 0.2 / 0.1 is e^-3; 1 / 0.1 − 0.5 would leave the other e^-7.5.
    const state = stateOf({ outputCounts: new Map([[0, 1]]) });
    const cold = { temperature: 0.1, presencePenalty: 0.5, minP: 0.04 };
    expect(support(row(1, 0.2), cold, state)).toEqual([0, 1]);
  });

  test("top-p measures what min-p and top-k left", () => {
    // Of all, 0.4 + 0.3 hold less than 0.8; of the first three they hold 0.875.
    const shares = rowOf(0.4, 0.3, 0.1, 0.08, 0.07, 0.05);
    expect(support(shares, { topP: 0.8 })).toEqual([0, 1, 2]);
    expect(support(shares, { topP: 0.8, topK: 3 })).toEqual([0, 1]);
    expect(support(shares, { topP: 0.8, minP: 0.22 })).toEqual([0, 1]);
  });
});

describe("bias and bans", () => {
  test("-100 bans and +100 forces", () => {
    const all = row(8, 2, -3, -9);
    expect(support(all, { logitBias: new Map([[0, -100]]), topP: 0.9 })).not.toContain(0);
    expect(support(all, { logitBias: new Map([[3, 100]]) })).toEqual([3]);
    expect(support(all, { logitBias: new Map([[3, 100]]), temperature: 2 })).toEqual([3]);
  });

  test("a banned token is never drawn, even the only likely one", () => {
    expect(support(row(90, 1, 1), {}, stateOf({ bannedIds: [0] }))).toEqual([1, 2]);
    expect(support(row(90, 1, 1), { topP: 0.9 }, stateOf({ bannedIds: [0] }))).toEqual([1, 2]);
  });

  test("bans that leave nothing are not kept", () => {
    for (const temperature of [0, 1]) {
      expect(support(row(3), { temperature }, stateOf({ bannedIds: [0] }))).toEqual([0]);
      const impossible = row(Number.NEGATIVE_INFINITY, 2, Number.NEGATIVE_INFINITY);
      expect(support(impossible, { temperature }, stateOf({ bannedIds: [1] }))).toEqual([1]);
    }
  });

  test("ids outside of the vocabulary change nothing", () => {
    const parameters = { logitBias: new Map([[7, 5]]), repetitionPenalty: 2, presencePenalty: 1 };
    const state = stateOf({
      ...{ promptIds: [9], outputCounts: new Map([[8, 1]]), bannedIds: [-1, 3] },
    });
    expect(support(row(1, 1, 1), parameters, state)).toEqual([0, 1, 2]);
  });
});

describe("the draw", () => {
  test("goes along the ids without truncation and along the ranks with it", () => {
    // Each position's number is known, so the token is too.
    const shares = rowOf(0.2, 0.5, 0.3);
    for (let position = 0; position < 200; position++) {
      const u = randomAt(5, position, 2);
      const byId = u < 0.2 ? 0 : u < 0.7 ? 1 : 2;
      const byRank = u < 0.5 ? 1 : u < 0.8 ? 2 : 0;
      const state = stateOf({ position, choice: 2 });
      for (const logits of [withoutLists(shares), withLists(shares, { temperature: 1 })]) {
        expect(sampleToken(logits, parametersOf({ seed: 5 }), state)).toBe(byId);
        expect(sampleToken(logits, parametersOf({ seed: 5, topP: 0.99 }), state)).toBe(byRank);
      }
    }
  });

  test("differs between choices", () => {
    const logits = withoutLists(new Float32Array(1_000));
    const draw = (choice: number) =>
      [0, 1, 2, 3].map((position) =>
        sampleToken(logits, parametersOf(), stateOf({ position, choice })),
      );
    expect(draw(1)).not.toEqual(draw(0));
  });
});

describe("chi-square against the exact distribution", () => {
  const seed = 4_711;
  const random = seededRandom(seed);
  const all = normalRow(random, 300, 1.5);
  const penalized = {
    presencePenalty: 0.7,
    frequencyPenalty: 0.4,
    repetitionPenalty: 1.2,
    logitBias: new Map([
      [5, 4],
      [6, -2],
    ]),
  };
  const state = stateOf({
    promptIds: [1, 2, 3],
    outputCounts: new Map([
      [2, 2],
      [200, 1],
    ]),
    bannedIds: [all.indexOf(Math.max(...all))],
  });
  test.each<[string, Partial<SamplingParameters>]>([
    ["temperature alone", { temperature: 1.3 }],
    ["cold", { temperature: 0.4 }],
    ["top-p", { topP: 0.7 }],
    ["top-p beyond the list", { topP: 0.98 }],
    ["top-k", { topK: 20 }],
    ["top-k beyond the list", { topK: 100 }],
    ["min-p", { minP: 0.2 }],
    ["min-p beyond the list", { minP: 0.01 }],
    ["all at once", { topK: 50, topP: 0.8, minP: 0.05 }],
    ["adjusted, temperature alone", { ...penalized }],
    ["adjusted, top-p", { ...penalized, topP: 0.6 }],
  ])("%s", (_, changes) => {
    const parameters = parametersOf({ ...changes, seed });
    const at = { temperature: parameters.temperature, topLength: 64, blockSize: 16 };
    for (const logits of [withLists(all, at), withoutLists(all)]) {
      expectDistribution(logits, parameters, state, 15_000);
    }
  });
});

describe("the two ways", () => {
  test("fuzz: give the same token, one that may be drawn", () => {
    const seed = 90_210;
    const random = seededRandom(seed);
    let sameCount = 0;
    const roundCount = 6_000;
    for (let round = 0; round < roundCount; round++) {
      const size = 1 + Math.floor(random() * 400);
      const spread = [0, 0.001, 1, 3, 20, 1e4][Math.floor(random() * 6)]!;
      const all = normalRow(random, size, spread);
      // Coarse steps make many equal logits; some tokens are impossible.
      if (random() < 0.3) for (const [id, it] of all.entries()) all[id] = Math.round(it);
      if (random() < 0.3) {
        for (let id = 1; id < size; id++) if (random() < 0.5) all[id] = Number.NEGATIVE_INFINITY;
      }
      const { parameters, state } = drawRequest(random, size);
      const lists = withLists(all, {
        temperature: parameters.temperature || 1,
        topLength: Math.min(size, 64),
        blockSize: 1 + Math.floor(random() * 70),
      });
      const long = sampleToken(withoutLists(all), parameters, state);
      const short = sampleToken(lists, parameters, state);
      const label = `seed ${seed}, round ${round}`;
      const possible = distribution(all, parameters, state);
      expect(possible.get(long) ?? 0, label).toBeGreaterThan(0);
      expect(possible.get(short) ?? 0, label).toBeGreaterThan(0);
      if (short === long) sameCount++;
      // Only the sums' single precision may move a border, and only their draws use them.
      else expect(wantsBlockSums(parameters), label).toBe(true);
    }
    expect(sameCount).toBeGreaterThan(roundCount * 0.999);
  });

  test("a large vocabulary with nothing to prefer is neither sorted nor skewed", () => {
    const size = 151_936;
    const random = seededRandom(3);
    for (const all of [new Float32Array(size), normalRow(random, size, 1e-4)]) {
      for (const changes of [{ topP: 0.5 }, { topK: 70_000 }, { topP: 0.3, topK: 100_000 }]) {
        const parameters = parametersOf(changes);
        const u = randomAt(parameters.seed, 0);
        const id = sampleToken(withoutLists(all), parameters, stateOf());
        const share = (changes.topP ?? 1) * ((changes.topK ?? size) / size);
        const rank = all.reduce((n, it, at) => {
          const isBefore = it > all[id]! || (it === all[id]! && at < id);
          return isBefore ? n + 1 : n;
        }, 0);
        expect(rank / size).toBeCloseTo(u * share, 3);
      }
    }
  });
});

describe("extremes", () => {
  test.each([0.01, 0.7, 2, 1e-6])("temperature %d over logits of ±1e4", (temperature) => {
    const all = row(1e4, -1e4, 1e4 - 1e-2, Number.NEGATIVE_INFINITY);
    for (const id of support(all, { temperature })) expect([0, 2]).toContain(id);
    for (const id of support(all, { temperature, topP: 0.9 })) expect([0, 2]).toContain(id);
  });

  test("a vocabulary of one token", () => {
    for (const changes of [{}, { temperature: 0 }, { topK: 5 }, { topP: 0.5 }, { minP: 0.5 }]) {
      expect(support(row(-7), changes)).toEqual([0]);
    }
  });

  test("blocks without mass are passed over", () => {
    const all = new Float32Array(10).fill(-1e4);
    all[9] = 0;
    all[4] = 0;
    expect(support(all, {})).toEqual([4, 9]);
  });

  test("a row that the graph's list holds whole needs nothing else", () => {
    const lists = withLists(rowOf(0.5, 0.3, 0.2), { temperature: 1 });
    const seen = countDraws(
      { ...lists, blocks: undefined },
      parametersOf({ topP: 0.7 }),
      stateOf(),
      500,
    );
    expect([...seen.keys()].sort()).toEqual([0, 1]);
  });
});

describe("a model without usable numbers", () => {
  const parameters = [
    ...[{ temperature: 0 }, {}, { topP: 0.9 }, { topK: 5 }, { minP: 0.1 }],
    ...[{ presencePenalty: 1 }, { temperature: 0, logitBias: new Map([[0, 5]]) }],
  ].map(parametersOf);
  const state = stateOf({ outputCounts: new Map([[0, 1]]) });
  const rows = {
    NaN: new Float32Array(200).fill(Number.NaN),
    Infinity: new Float32Array(200).fill(1).fill(Number.POSITIVE_INFINITY, 3, 4),
    "-Infinity": new Float32Array(200).fill(Number.NEGATIVE_INFINITY),
  };
  test.each(Object.entries(rows))("%s is refused in every path", (name, all) => {
    for (const request of parameters) {
      for (const logits of [withoutLists(all), withLists(all, { temperature: 1 })]) {
        expect(() => sampleToken(logits, request, state)).toThrow(
          expect.objectContaining({
            code: "internal",
            message: expect.stringContaining(`no usable numbers (${name})`),
          }),
        );
      }
    }
  });

  test("so is a list that a NaN has put in disorder", () => {
    const lists = withLists(row(1, 2, 3), { temperature: 1 });
    const top = { ids: BigInt64Array.of(0n, 2n, 1n), values: row(1, 3, Number.NaN) };
    expect(() => sampleToken({ ...lists, top }, parametersOf(), stateOf())).toThrow(/NaN/);
  });
});
