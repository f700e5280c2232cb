import { expect } from "vitest";
import { assert } from "@/lib/util/assert";
import type { Random } from "@/lib/util/random";
import { sampleToken } from "./sampler";
import type { SamplingParameters } from "./sampling-parameters";
import type { SamplingState } from "./sampling-state";
import { parametersOf, stateOf } from "./testing";
import type { TokenLogits } from "./token-logits";

/** What the sampler's tests hold it to. */

/**
 * The definition, by sorting the whole row: the tokens that may be drawn with their probabilities, in
 * order of rank.
 */
export function distribution(
  all: Float32Array,
  parameters: SamplingParameters,
  state: SamplingState,
): Map<number, number> {
  const { mask } = state;
  const isAllowed = (id: number) =>
    !mask || (((mask[Math.floor(id / 32)] ?? 0) >> (id % 32)) & 1) === 1;
  const seen = new Set([...state.promptIds, ...state.outputCounts.keys()]);
  const logits = Array.from(all, (raw, id) => {
    if (state.bannedIds.includes(id) || !isAllowed(id)) return Number.NEGATIVE_INFINITY;
    let logit = raw + (parameters.logitBias.get(id) ?? 0);
    if (seen.has(id)) {
      logit =
        logit > 0 ? logit / parameters.repetitionPenalty : logit * parameters.repetitionPenalty;
    }
    const count = state.outputCounts.get(id) ?? 0;
    if (count === 0) return logit;
    return logit - count * parameters.frequencyPenalty - parameters.presencePenalty;
  });
  let ranked = logits.map((logit, id) => ({ id, logit }));
  ranked.sort((a, b) => b.logit - a.logit || a.id - b.id);
  const best = ranked[0];
  assert(best, "there is a vocabulary");
  if (best.logit === Number.NEGATIVE_INFINITY) {
    return distribution(all, parameters, { ...state, bannedIds: [] });
  }
  if (parameters.temperature === 0) return new Map([[best.id, 1]]);
  const weigh = (logit: number) => Math.exp((logit - best.logit) / parameters.temperature);
  ranked = ranked.filter((it) => weigh(it.logit) >= parameters.minP);
  if (parameters.topK > 0) ranked = ranked.slice(0, parameters.topK);
  const total = ranked.reduce((sum, it) => sum + weigh(it.logit), 0);
  if (parameters.topP < 1) {
    let mass = 0;
    const last = ranked.findIndex((it) => {
      mass += weigh(it.logit);
      return mass >= parameters.topP * total;
    });
    ranked = ranked.slice(0, last + 1);
  }
  const kept = ranked.reduce((sum, it) => sum + weigh(it.logit), 0);
  return new Map(ranked.map((it) => [it.id, weigh(it.logit) / kept]));
}

/** How often each id is drawn at the positions from 0 on. */
export function countDraws(
  logits: TokenLogits,
  parameters: SamplingParameters,
  state: SamplingState,
  n: number,
) {
  const seen = new Map<number, number>();
  for (let position = 0; position < n; position++) {
    const id = sampleToken(logits, parameters, { ...state, position });
    seen.set(id, (seen.get(id) ?? 0) + 1);
  }
  return seen;
}

/** Upper bound of chi-square for one in about a million, by Wilson and Hilferty's approximation. */
function chiSquareMax(freedom: number): number {
  const part = 2 / (9 * freedom);
  return freedom * (1 - part + 4.75 * Math.sqrt(part)) ** 3;
}

/** Chi-square of `n` draws at positions from 0 on against the definition. */
export function expectDistribution(
  logits: TokenLogits,
  parameters: SamplingParameters,
  state: SamplingState,
  n: number,
): void {
  const label = `seed ${parameters.seed}`;
  const expected = distribution(logits.all, parameters, state);
  const seen = countDraws(logits, parameters, state, n);
  for (const id of seen.keys()) expect(expected.has(id), `${label}, id ${id}`).toBe(true);
  // Cells of fewer than five are put together by the last digit, as the test's approximation asks.
  const cells = new Map<string, { seen: number; expected: number }>();
  for (const [id, share] of expected) {
    const key = share * n < 5 ? `rare ${id % 10}` : `${id}`;
    const cell = cells.get(key) ?? { seen: 0, expected: 0 };
    cell.seen += seen.get(id) ?? 0;
    cell.expected += share * n;
    cells.set(key, cell);
  }
  const usable = [...cells.values()].filter((it) => it.expected >= 5);
  assert(usable.length > 1, "there is something to compare");
  const statistic = usable.reduce((sum, it) => sum + (it.seen - it.expected) ** 2 / it.expected, 0);
  expect(statistic, label).toBeLessThan(chiSquareMax(usable.length - 1));
}

/** Any request, each part of it present half of the time. */
export function drawRequest(random: Random, size: number) {
  const maybe = <T>(value: T, otherwise: T) => (random() < 0.5 ? value : otherwise);
  const id = () => Math.floor(random() * size);
  const ids = (countMax: number) => Array.from({ length: Math.floor(random() * countMax) }, id);
  const isAdjusted = random() < 0.5;
  const parameters = parametersOf({
    temperature: maybe(0.1 + random() * 1.9, maybe(0.01, 0)),
    topK: maybe(0, 1 + Math.floor(random() * 120)),
    topP: maybe(1, random()),
    minP: maybe(0, random() ** 3),
    ...(isAdjusted && {
      presencePenalty: maybe(0, random() * 4 - 2),
      frequencyPenalty: maybe(0, random() * 4 - 2),
      repetitionPenalty: maybe(1, 0.5 + random()),
      logitBias: new Map(ids(6).map((it) => [it, random() * 20 - 10])),
    }),
    seed: Math.floor(random() * 2 ** 40),
  });
  const state = stateOf({
    position: Math.floor(random() * 1_000),
    promptIds: ids(20),
    outputCounts: new Map(ids(20).map((it) => [it, 1 + Math.floor(random() * 3)])),
    bannedIds: isAdjusted ? ids(3) : [],
  });
  return { parameters, state };
}
