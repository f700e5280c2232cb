/** Goal: drawing by what is to be learnt needs fewer votes than drawing alike, and the simulation is what it says. Method: few seeds, printed. */
import { expect, test } from "vitest";
import { comparePairs, PAIR_SETTINGS } from "./pairs-bench";
import { votesUntilPrecise } from "./simulate";

const settingOf = (name: string) => {
  const setting = PAIR_SETTINGS.find((it) => it.name === name);
  if (setting === undefined) throw new Error(`no setting ${name}`);
  return setting;
};

test("active draws need fewer votes, for all pairs and many times fewer for a newcomer", () => {
  const seeds = [1, 2, 3];
  const context = `seeds ${seeds.join(", ")}`;
  const many = comparePairs(settingOf("20 models over 400 points"), seeds);
  expect(many.votes.active, context).toBeLessThan(many.votes.uniform / 1.15);
  expect(many.ratios.active.mean, context).toBeGreaterThan(1.15);
  const newcomer = comparePairs(settingOf("a newcomer among 19 with 60 votes a pair"), seeds);
  expect(newcomer.votes.active, context).toBeLessThan(newcomer.votes.uniform / 4);
});

test("the same seed votes the same, another one does not", () => {
  const { name: _, ...setting } = settingOf("6 models over 400 points");
  const votes = (seed: number) =>
    votesUntilPrecise({ ...setting, drawing: "active", seed, lag: 1 });
  expect(votes(1)).toBe(votes(1));
  expect(new Set([1, 2, 3, 4].map(votes)).size).toBeGreaterThan(1);
});

test("each pair gets the votes that its own variance asks for", () => {
  const { name: _, ...setting } = settingOf("6 models over 400 points");
  // Fifteen pairs of variance ¼ or a little less, known to ±0.2 from 24 votes on: uniform draws need some more.
  const alike = { ...setting, strengths: setting.strengths.map(() => 1_000), tieShare: 0 };
  const votes = votesUntilPrecise({ ...alike, drawing: "uniform", seed: 1, lag: 1 });
  expect(votes).toBeGreaterThanOrEqual(15 * Math.ceil((1.96 ** 2 * 0.25) / 0.04));
  expect(votesUntilPrecise({ ...alike, drawing: "uniform", seed: 1, votesMax: 50 })).toBe(50);
});
