/**
 * Goal: a mask is a logit of -Infinity for what it does not allow, before temperature and truncation,
 * whatever way a token is decided. Method: the definition (`sampler-testing.ts`, by sorting a plain
 * array) with this position's random numbers gives the very token, for thousands of random masks,
 * requests and rows; chi-square against the shares among the allowed ones for draws that are repeated.
 */
import { describe, expect, test } from "vitest";
import { type Random, seededRandom } from "@/lib/util/random";
import type { TokenMask } from "../grammar/grammar";
import { randomAt } from "./counter-random";
import { sampleToken, wantsBlockSums } from "./sampler";
import { distribution, drawRequest, expectDistribution } from "./sampler-testing";
import type { SamplingParameters } from "./sampling-parameters";
import type { SamplingState } from "./sampling-state";
import { maskOf, normalRow, parametersOf, stateOf, withLists, withoutLists } from "./testing";
import { countAllowed, isAllowed } from "./token-mask";
import { isTruncated } from "./truncation";

/** As in `masked-sampler.ts`; what is drawn depends on both. */
const FEW_ALLOWED_MAX = 2_048;
const REPETITION_MAX = 16;
const IMPOSSIBLE = Number.NEGATIVE_INFINITY;

/** The token at `random`, along the ranks or along the ids. */
function pickAt(shares: Map<number, number>, isByRank: boolean, random: number): number {
  const entries = [...shares];
  if (!isByRank) entries.sort(([a], [b]) => a - b);
  let sum = 0;
  const found = entries.find(([, share]) => {
    sum += share;
    return sum > random;
  });
  return (found ?? entries.at(-1)!)[0];
}

/** The documented steps on a plain array. */
function reference(all: Float32Array, parameters: SamplingParameters, given: SamplingState) {
  const { mask, bannedIds } = given;
  const isLeft = (id: number) =>
    isAllowed(mask!, id) && all[id] !== IMPOSSIBLE && !bannedIds.includes(id);
  const state = all.some((_, id) => isLeft(id)) ? given : { ...given, bannedIds: [] };
  const randomOf = (lane: number) => randomAt(parameters.seed, state.position, state.choice, lane);
  const masked = distribution(all, parameters, state);
  const isByRank = isTruncated(parameters, all.length);
  const isFew = countAllowed(mask!, all.length) <= FEW_ALLOWED_MAX;
  if (isByRank || isFew || parameters.temperature === 0) {
    return pickAt(masked, isByRank, randomOf(0));
  }
  const unmasked = distribution(all, parameters, { ...state, mask: undefined });
  for (let lane = 0; lane < REPETITION_MAX; lane++) {
    const id = pickAt(unmasked, false, randomOf(lane));
    if (isAllowed(mask!, id)) return id;
  }
  return pickAt(masked, false, randomOf(REPETITION_MAX));
}

/** Masks of every density: by chance, in runs, of the likely or of the unlikely tokens. */
function drawMask(random: Random, all: Float32Array): TokenMask {
  const size = all.length;
  const share = [0.001, 0.05, 0.5, 0.9, 0.999][Math.floor(random() * 5)]!;
  const start = Math.floor(random() * size);
  const sorted = all.toSorted();
  const border = sorted[Math.floor(random() * size)]!;
  const isAllowedBy = [
    () => random() < share,
    (id: number) => id >= start && id < start + share * size,
    (id: number) => all[id]! >= border,
    (id: number) => all[id]! <= border,
  ][Math.floor(random() * 4)]!;
  const isPossible = (id: number) => all[id] !== IMPOSSIBLE;
  const one =
    [...all.keys()].filter(isPossible)[Math.floor(random() * 3)] ??
    all.findIndex((_, id) => isPossible(id));
  return maskOf(size + Math.floor(random() * 80), (id) => id === one || isAllowedBy(id));
}

describe("the definition", () => {
  test("fuzz: every way gives the token that a plain array does", () => {
    const seed = 24_601;
    const random = seededRandom(seed);
    let sameCount = 0;
    const roundCount = 900;
    for (let round = 0; round < roundCount; round++) {
      // Half of the vocabularies are large enough for masks of many.
      const size =
        random() < 0.5 ? 2_100 + Math.floor(random() * 1_500) : 1 + Math.floor(random() * 400);
      const all = normalRow(random, size, [0, 1, 3, 20, 1e4][Math.floor(random() * 5)]!);
      if (random() < 0.3) for (const [id, it] of all.entries()) all[id] = Math.round(it);
      if (random() < 0.2) {
        for (let id = 1; id < size; id++) if (random() < 0.5) all[id] = IMPOSSIBLE;
      }
      const request = drawRequest(random, size);
      const { parameters } = request;
      const state = { ...request.state, choice: round % 3, mask: drawMask(random, all) };
      const lists = withLists(all, {
        ...{ temperature: parameters.temperature || 1, topLength: Math.min(size, 64) },
        blockSize: 1 + Math.floor(random() * 140),
      });
      const expected = reference(all, parameters, state);
      const label = `seed ${seed}, round ${round}`;
      expect(sampleToken(withoutLists(all), parameters, state), label).toBe(expected);
      // A neighbour in the batch has asked for sums, or none has.
      const listed = sampleToken(lists, parameters, state);
      const unsummed = sampleToken({ ...lists, blocks: undefined }, parameters, state);
      expect(unsummed, label).toBe(expected);
      expect(isAllowed(state.mask, listed), label).toBe(true);
      if (listed === expected) sameCount++;
      // Only the sums' single precision may move a border, and only their draws use them.
      else expect(wantsBlockSums(parameters), label).toBe(true);
    }
    expect(sameCount).toBeGreaterThan(roundCount * 0.995);
  });

  test("a mask of everything is no mask", () => {
    const seed = 77;
    const random = seededRandom(seed);
    for (let round = 0; round < 300; round++) {
      const all = normalRow(random, 2_500, 2);
      const { parameters, state } = drawRequest(random, all.length);
      const lists = withLists(all, { temperature: parameters.temperature || 1 });
      const mask = maskOf(all.length, () => true);
      for (const logits of [lists, withoutLists(all)]) {
        const label = `seed ${seed}, round ${round}`;
        const unmasked = sampleToken(logits, parameters, state);
        expect(sampleToken(logits, parameters, { ...state, mask }), label).toBe(unmasked);
      }
    }
  });
});

describe("chi-square against the shares among the allowed tokens", () => {
  const seed = 8_128;
  const random = seededRandom(seed);
  // Most of the mass is in about a hundred of the tokens.
  const all = normalRow(random, 5_000, 3);
  const chances = Array.from(all, () => random());
  const penalized = stateOf({
    promptIds: [1, 2, 3],
    outputCounts: new Map([[all.indexOf(Math.max(...all)), 2]]),
    bannedIds: [7, 4_000],
  });
  test.each<[string, Partial<SamplingParameters>, (id: number) => boolean, SamplingState]>([
    ["most are allowed", {}, (id) => chances[id]! < 0.95, stateOf()],
    ["half are", { temperature: 0.8 }, (id) => chances[id]! < 0.5, stateOf()],
    ["seldom a likely one is", {}, (id) => all[id]! < 4 || chances[id]! < 0.05, stateOf()],
    ["no likely one is", {}, (id) => all[id]! < 3, stateOf()],
    [
      ...["bias, penalties and bans besides"],
      {
        ...{ presencePenalty: 1, frequencyPenalty: 0.5, repetitionPenalty: 1.3 },
        logitBias: new Map([
          [4_000, 3],
          [11, 9],
          [12, -4],
        ]),
      },
      (id: number) => chances[id]! < 0.6,
      penalized,
    ] as const,
    ["top-p", { topP: 0.9 }, (id) => chances[id]! < 0.6, stateOf()],
    ["top-p far down", { topP: 0.9 }, (id) => all[id]! < 5, stateOf()],
    ["top-k", { topK: 40 }, (id) => chances[id]! < 0.6, stateOf()],
    ["min-p", { minP: 0.05 }, (id) => chances[id]! < 0.6, stateOf()],
  ])("%s", (_, changes, isAllowedBy, state) => {
    const mask = maskOf(all.length, isAllowedBy);
    expect(countAllowed(mask, all.length)).toBeGreaterThan(FEW_ALLOWED_MAX);
    const parameters = parametersOf({ ...changes, seed });
    const lists = withLists(all, { temperature: parameters.temperature, blockSize: 128 });
    expectDistribution(lists, parameters, { ...state, mask }, 8_000);
    expectDistribution(withoutLists(all), parameters, { ...state, mask }, 2_000);
  });
});

describe("what a mask outweighs, and what it does not", () => {
  const row = (...values: number[]) => Float32Array.from(values);
  const draws = (all: Float32Array, changes: Partial<SamplingParameters>, state: SamplingState) => {
    const parameters = parametersOf(changes);
    const lists = withLists(all, { temperature: parameters.temperature || 1, topLength: 2 });
    const seen = new Set<number>();
    for (const logits of [lists, withoutLists(all)]) {
      for (let position = 0; position < 200; position++) {
        seen.add(sampleToken(logits, parameters, { ...state, position }));
      }
    }
    return [...seen].sort((a, b) => a - b);
  };

  test("no bias brings back what it does not allow", () => {
    const mask = maskOf(4, (id) => id !== 2);
    const logitBias = new Map([[2, 100]]);
    for (const changes of [{}, { temperature: 0 }, { topP: 0.5 }, { topK: 1 }, { minP: 0.9 }]) {
      expect(draws(row(1, 5, 9, 1), { ...changes, logitBias }, stateOf({ mask }))).not.toContain(2);
    }
  });

  test("bans hold within it as long as they leave a token", () => {
    const mask = maskOf(4, (id) => id < 2);
    for (const temperature of [0, 1]) {
      const banned = (bannedIds: number[]) =>
        draws(row(3, 1, 9, 9), { temperature }, stateOf({ mask, bannedIds }));
      expect(banned([0])).toEqual([1]);
      expect(banned([0, 1])).toEqual(temperature === 0 ? [0] : [0, 1]);
    }
  });

  test("truncation measures what it left", () => {
    const all = Float32Array.of(0.6, 0.2, 0.1, 0.06, 0.04).map(Math.log);
    const state = stateOf({ mask: maskOf(5, (id) => id > 0) });
    expect(draws(all, { topK: 2 }, state)).toEqual([1, 2]);
    expect(draws(all, { topP: 0.5 }, state)).toEqual([1]);
    expect(draws(all, { topP: 0.7 }, state)).toEqual([1, 2]);
    expect(draws(all, { minP: 0.45 }, state)).toEqual([1, 2]);
  });

  test("greedy takes the lowest id of equal ones, listed or not", () => {
    const all = new Float32Array(3_000);
    all.fill(5, 0, 2);
    const mask = maskOf(all.length, (id) => id > 100);
    expect(draws(all, { temperature: 0 }, stateOf({ mask }))).toEqual([101]);
  });

  test.each([40, 4_000])(
    "of %d tokens only impossible ones are left: no usable numbers",
    (size) => {
      const all = new Float32Array(size).fill(IMPOSSIBLE);
      all[0] = 1;
      const mask = maskOf(size, (id) => id > 0);
      for (const changes of [{}, { temperature: 0 }, { topP: 0.5 }, { topK: 3 }]) {
        for (const logits of [
          withLists(all, { temperature: 1, topLength: 9 }),
          withoutLists(all),
        ]) {
          const draw = () => sampleToken(logits, parametersOf(changes), stateOf({ mask }));
          expect(draw).toThrow(expect.objectContaining({ code: "internal" }));
        }
      }
    },
  );

  test.each([Number.NaN, Number.POSITIVE_INFINITY])("a row of %d is refused", (broken) => {
    const all = new Float32Array(4_000).fill(broken);
    for (const mask of [maskOf(4_000, (id) => id > 3_990), maskOf(4_000, () => true)]) {
      for (const logits of [withLists(all, { temperature: 1 }), withoutLists(all)]) {
        const draw = () => sampleToken(logits, parametersOf(), stateOf({ mask }));
        expect(draw).toThrow(expect.objectContaining({ code: "internal" }));
      }
    }
  });
});
