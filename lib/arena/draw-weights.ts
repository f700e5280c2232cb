import type { DrawRule } from "@/lib/protocol/arena-settings";
import { matchesWildcard } from "@/lib/util/matches-wildcard";

/**
 * How likely each pair of models is by the operator's knobs, which are FastChat's (`get_battle_pair` of its
 * battle page): a first model is drawn by weight times boost, a rival for it by weight among those it may
 * meet, and the two are put left and right by a coin. Here the probabilities of all pairs are worked out, so
 * that the probability of the very draw is known, which ratings divide by (arXiv 2403.04132, eq. 4).
 *
 * Where this departs from FastChat:
 *
 * - A first model is drawn among those that may meet somebody. FastChat draws among all, and divides by
 *   zero when the one drawn has no rival, or every weight is 0, as all are that its tables do not name.
 * - Targets take exactly `targetShare` of what a model meets when it is drawn first, however many of them
 *   are awake. FastChat gives each of them half of all weights over their number, which comes to less
 *   than half where some sleep, and to another share with every change of another model's weight.
 * - Patterns of strict targets are matched against whole names; there a name has but to begin so.
 * - A model never meets itself.
 */

/** Probabilities of all ordered pairs of some models. */
export type PairTable = {
  models: readonly string[];
  /**
   * At `left * models.length + right`: that these two are drawn for these sides. Symmetric, zero on the
   * diagonal. Sums to 1, or is all zero where no two may meet.
   */
  probabilities: Float64Array;
  /** Of each model, that it is drawn for the left side: the sums of the rows. */
  shares: Float64Array;
};

type Drawn = {
  name: string;
  weight: number;
  boost: number;
  targets: ReadonlySet<string>;
  targetShare: number;
  strictTargets: readonly string[];
  isAnonymousOnly: boolean;
};

const NOBODY: ReadonlySet<string> = new Set();

/** Pairs by the operator's weights; with none set, all are alike. */
export function weighPairs(models: readonly string[], rules: readonly DrawRule[]): PairTable {
  const ruleOf = new Map(rules.map((rule) => [rule.model, rule]));
  const drawn = models.map((name) => toDrawn(name, ruleOf.get(name)));
  const rivals = drawn.map((first) => toRivalShares(drawn, first));
  const firsts = toShares(
    drawn.map(({ weight, boost }, at) => (rivals[at] === undefined ? 0 : weight * boost)),
  );
  const count = models.length;
  const probabilities = new Float64Array(count ** 2);
  rivals.forEach((shares, first) => {
    const half = (firsts?.[first] ?? 0) / 2;
    shares?.forEach((share, rival) => {
      probabilities[first * count + rival] =
        (probabilities[first * count + rival] ?? 0) + half * share;
      probabilities[rival * count + first] =
        (probabilities[rival * count + first] ?? 0) + half * share;
    });
  });
  return toTable(models, probabilities);
}

/** All pairs alike that `weighed` does not rule out. */
export function levelPairs({ models, probabilities }: PairTable): PairTable {
  const count = probabilities.reduce((sum, it) => sum + (it > 0 ? 1 : 0), 0);
  return toTable(
    models,
    probabilities.map((it) => (it > 0 ? 1 / count : 0)),
  );
}

export function toTable(models: readonly string[], probabilities: Float64Array): PairTable {
  const count = models.length;
  const shares = new Float64Array(count);
  for (let left = 0; left < count; left++) {
    let sum = 0;
    for (let at = left * count; at < (left + 1) * count; at++) sum += probabilities[at] ?? 0;
    shares[left] = sum;
  }
  return { models, probabilities, shares };
}

function toDrawn(name: string, rule: DrawRule | undefined): Drawn {
  if (rule === undefined) {
    const plain = { targets: NOBODY, targetShare: 0, strictTargets: [], isAnonymousOnly: false };
    return { name, weight: 1, boost: 1, ...plain };
  }
  const weight = rule.isOut ? 0 : rule.weight;
  return { ...rule, name, weight, targets: new Set(rule.targets) };
}

/** By which share each model is the rival of `first`; undefined where it may meet nobody. */
function toRivalShares(drawn: readonly Drawn[], first: Drawn): number[] | undefined {
  const weights = drawn.map((rival) => (mayMeet(first, rival) ? rival.weight : 0));
  if (first.targets.size === 0) return toShares(weights);
  const isTarget = drawn.map(({ name }) => first.targets.has(name));
  const targets = toShares(weights.map((weight, at) => (isTarget[at] && weight > 0 ? 1 : 0)));
  const others = toShares(weights.map((weight, at) => (isTarget[at] ? 0 : weight)));
  if (targets === undefined || others === undefined) return targets ?? others;
  return targets.map(
    (share, at) => first.targetShare * share + (1 - first.targetShare) * (others[at] ?? 0),
  );
}

function mayMeet(one: Drawn, other: Drawn): boolean {
  if (one === other || one.weight === 0 || other.weight === 0) return false;
  if (one.isAnonymousOnly && other.isAnonymousOnly) return false;
  return admits(one, other) && admits(other, one);
}

function admits({ strictTargets }: Drawn, { name }: Drawn): boolean {
  return strictTargets.length === 0 || strictTargets.some((it) => matchesWildcard(name, it));
}

/** Divided by their sum; undefined where that is 0. */
function toShares(weights: readonly number[]): number[] | undefined {
  const sum = weights.reduce((total, weight) => total + weight, 0);
  return sum > 0 ? weights.map((weight) => weight / sum) : undefined;
}
