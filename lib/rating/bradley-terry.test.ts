import { expect, test } from "vitest";
import { seededRandom } from "@/lib/util/random";
import fixture from "./__fixtures__/twenty-models.json";
import { CENTRE, centreOn, fitBradleyTerry, POINTS } from "./bradley-terry";
import type { PairScore } from "./comparison-graph";
import { type Outcome, toScore } from "./outcome";

const names = Object.keys(fixture.btExact) as (keyof typeof fixture.btExact)[];
const pairs: PairScore[] = fixture.votes.map(([a, b, outcome, count]) => ({
  a: names.indexOf(a as (typeof names)[number]),
  b: names.indexOf(b as (typeof names)[number]),
  games: count as number,
  score: toScore(outcome as Outcome) * (count as number),
}));

test("ratings of 20,000 battles equal the reference to 0.01 points, centred", () => {
  const { ratings } = fitBradleyTerry(names.length, pairs);
  for (const [index, name] of names.entries()) {
    expect(Math.abs(ratings[index]! - fixture.btExactWithoutAnchor[name])).toBeLessThan(0.01);
  }
});

test("ratings equal the reference to 0.01 points, anchored on one model", () => {
  const fit = fitBradleyTerry(names.length, pairs);
  const anchored = centreOn(fit, [names.indexOf("mixtral-8x7b-instruct-v0.1")]);
  const shift = fixture.anchor.rating - CENTRE;
  for (const [index, name] of names.entries()) {
    expect(Math.abs(anchored.ratings[index]! + shift - fixture.btExact[name])).toBeLessThan(0.01);
  }
});

test("spreads agree with the reference's bootstrap", () => {
  const anchor = names.indexOf("mixtral-8x7b-instruct-v0.1");
  const { covariance } = centreOn(fitBradleyTerry(names.length, pairs), [anchor]);
  const ratios = names.flatMap((name, index) => {
    const expected = fixture.bootstrapVarianceFromAnchor[name];
    return index === anchor ? [] : [covariance[index * names.length + index]! / expected];
  });
  // A variance from 100 bootstraps is itself uncertain by 14 %, 28 % at two deviations; half-win ties
  // (14 % of these votes) make the inverse information wider than the truth, never narrower.
  for (const ratio of ratios) expect(ratio).toBeGreaterThan(0.72);
  const mean = ratios.reduce((sum, ratio) => sum + ratio, 0) / ratios.length;
  expect(mean).toBeGreaterThan(1);
  expect(mean).toBeLessThan(1.35);
  expect(covariance[anchor * names.length + anchor]).toBeCloseTo(0, 6);
});

test("two models: the closed form", () => {
  const { ratings, covariance } = fitBradleyTerry(2, [{ a: 0, b: 1, games: 40, score: 30 }]);
  expect(ratings[0]! - ratings[1]!).toBeCloseTo(400 * Math.log10(3), 6);
  expect((ratings[0]! + ratings[1]!) / 2).toBeCloseTo(CENTRE, 9);
  // Var of a log-odds is 1 / (n p q); each centred rating carries half of the difference.
  expect(covariance[0]).toBeCloseTo((POINTS * POINTS) / (40 * 0.75 * 0.25) / 4, 6);
});

test("all ties: equal ratings, and an interval wider than nothing", () => {
  const tied = [0, 1, 2].map((a) => ({ a, b: (a + 1) % 3, games: 4, score: 2 }));
  const { ratings, covariance } = fitBradleyTerry(3, tied);
  for (const rating of ratings) expect(rating).toBeCloseTo(CENTRE, 9);
  expect(covariance[0]).toBeGreaterThan(1000);
});

test("known strengths of 200 models are found again", () => {
  const seed = 20260101;
  const random = seededRandom(seed);
  const order = 200;
  const truth = Array.from({ length: order }, () => (random() - 0.5) * 4);
  const exact: PairScore[] = [];
  for (let a = 0; a < order; a++) {
    for (const step of [1, 7, 31]) {
      const b = (a + step) % order;
      const expected = 1 / (1 + Math.exp(truth[b]! - truth[a]!));
      exact.push({ a, b, games: 100, score: 100 * expected });
    }
  }
  const { ratings } = fitBradleyTerry(order, exact);
  const mean = truth.reduce((sum, value) => sum + value, 0) / order;
  for (const [index, value] of truth.entries()) {
    expect(ratings[index], `seed ${seed}`).toBeCloseTo(CENTRE + POINTS * (value - mean), 4);
  }
});

test("a long chain of near-certain wins stays finite", () => {
  const chain = Array.from({ length: 99 }, (_, a) => ({
    a,
    b: a + 1,
    games: 10_001,
    score: 10_000,
  }));
  const { ratings, covariance } = fitBradleyTerry(100, chain);
  expect(ratings[0]! - ratings[99]!).toBeCloseTo(99 * 1600, 2);
  expect([...ratings, ...covariance].every(Number.isFinite)).toBe(true);
});

test("an undetermined board is a caller's bug, not a number", () => {
  expect(() => fitBradleyTerry(3, [{ a: 0, b: 1, games: 4, score: 2 }])).toThrow(
    "determine every strength",
  );
  expect(() => fitBradleyTerry(2, [{ a: 0, b: 0, games: 4, score: 2 }])).toThrow(
    "two known models",
  );
});
