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
};

type Drawn = {
  weight: number;
  boost: number;
  targets: ReadonlySet<string>;
  targetShare: number;
  strictTargets: readonly string[];
  isAnonymousOnly: boolean;
};

const UNNAMED: Drawn = {
  ...{ weight: 1, boost: 1, targets: new Set(), targetShare: 0 },
  ...{ strictTargets: [], isAnonymousOnly: false },
};

/** Pairs by the operator's weights; with none set, all are alike. */
export function weighPairs(models: readonly string[], rules: readonly DrawRule[]): PairTable {
  const ruleOf = new Map(rules.map((rule) => [rule.model, toDrawn(rule)]));
  const drawn = models.map((model) => ruleOf.get(model) ?? UNNAMED);
  const rivals = models.map((_, first) => toRivalShares(models, drawn, first));
  const firsts = toShares(
    drawn.map(({ weight, boost }, first) => (rivals[first] === undefined ? 0 : weight * boost)),
  );
  const probabilities = new Float64Array(models.length ** 2);
  rivals.forEach((shares, first) => {
    shares?.forEach((share, rival) => {
      const half = ((firsts?.[first] ?? 0) * share) / 2;
      add(probabilities, first * models.length + rival, half);
      add(probabilities, rival * models.length + first, half);
    });
  });
  return { models, probabilities };
}

/** All pairs alike that `weighed` does not rule out. */
export function levelPairs(weighed: PairTable): PairTable {
  const count = weighed.probabilities.reduce((sum, it) => sum + (it > 0 ? 1 : 0), 0);
  return {
    models: weighed.models,
    probabilities: weighed.probabilities.map((it) => (it > 0 ? 1 / count : 0)),
  };
}

function toDrawn(rule: DrawRule): Drawn {
  return { ...rule, weight: rule.isOut ? 0 : rule.weight, targets: new Set(rule.targets) };
}

/** By which share each model is the rival of `first`; undefined where it may meet nobody. */
function toRivalShares(
  models: readonly string[],
  drawn: readonly Drawn[],
  first: number,
): number[] | undefined {
  const chosen = drawn[first] ?? UNNAMED;
  const weights = models.map((_, rival) =>
    mayMeet(models, drawn, first, rival) ? (drawn[rival]?.weight ?? 0) : 0,
  );
  const isTarget = models.map((model) => chosen.targets.has(model));
  const targets = toShares(weights.map((weight, at) => (isTarget[at] && weight > 0 ? 1 : 0)));
  const others = toShares(weights.map((weight, at) => (isTarget[at] ? 0 : weight)));
  if (targets === undefined || others === undefined) return targets ?? others;
  return targets.map(
    (share, at) => chosen.targetShare * share + (1 - chosen.targetShare) * (others[at] ?? 0),
  );
}

function mayMeet(
  models: readonly string[],
  drawn: readonly Drawn[],
  first: number,
  rival: number,
): boolean {
  const [one, other] = [drawn[first], drawn[rival]];
  const [name, otherName] = [models[first], models[rival]];
  if (one === undefined || other === undefined || name === undefined || otherName === undefined)
    return false;
  if (first === rival || one.weight === 0 || other.weight === 0) return false;
  if (one.isAnonymousOnly && other.isAnonymousOnly) return false;
  return admits(one, otherName) && admits(other, name);
}

function admits({ strictTargets }: Drawn, rival: string): boolean {
  return strictTargets.length === 0 || strictTargets.some((it) => matchesWildcard(rival, it));
}

/** Divided by their sum; undefined where that is 0. */
function toShares(weights: readonly number[]): number[] | undefined {
  const sum = weights.reduce((total, weight) => total + weight, 0);
  return sum > 0 ? weights.map((weight) => weight / sum) : undefined;
}

function add(values: Float64Array, at: number, value: number): void {
  values[at] = (values[at] ?? 0) + value;
}
