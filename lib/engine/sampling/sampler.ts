import { assert } from "@/lib/util/assert";
import { randomAt } from "./counter-random";

/** How a token is chosen: fully determined by these three and the position. */
export type SamplingParameters = {
  /** 0 takes the most likely token. */
  temperature: number;
  /** Share of the probability, from the top, that may be drawn from; 1 is all. */
  topP: number;
  seed: number;
};

/**
 * Chooses the token at `position` (counted from the start of the prompt) from the logits of the one
 * before it.
 */
export function sampleToken(
  logits: Float32Array,
  parameters: SamplingParameters,
  position: number,
): number {
  assert(logits.length > 0, "there is a vocabulary to choose from");
  if (parameters.temperature === 0) return pickHighest(logits);
  const weights = toWeights(logits, parameters.temperature);
  const random = randomAt(parameters.seed, position);
  return parameters.topP < 1
    ? drawFrom(toNucleus(weights, parameters.topP), random)
    : drawFrom(toCandidates(weights, 0), random);
}

/** The most likely token; the lowest id among equals. */
export function pickHighest(logits: Float32Array): number {
  let best = 0;
  let highest = Number.NEGATIVE_INFINITY;
  for (let id = 0; id < logits.length; id++) {
    // Within bounds by the loop's condition.
    const logit = logits[id] as number;
    if (logit > highest) {
      highest = logit;
      best = id;
    }
  }
  assert(highest > Number.NEGATIVE_INFINITY, "at least one logit is a number");
  return best;
}

/** Probabilities after temperature, up to their sum. */
type Weights = { values: Float64Array; sum: number };
type Candidate = { id: number; weight: number };

function toWeights(logits: Float32Array, temperature: number): Weights {
  const highest = logits[pickHighest(logits)] as number; // pickHighest returns an index of logits.
  const values = new Float64Array(logits.length);
  let sum = 0;
  for (let id = 0; id < logits.length; id++) {
    const weight = Math.exp(((logits[id] as number) - highest) / temperature); // Within bounds.
    values[id] = weight;
    sum += weight;
  }
  return { values, sum };
}

/** Tokens above `weightMin`, in order of id. */
function toCandidates(weights: Weights, weightMin: number): Candidate[] {
  const candidates: Candidate[] = [];
  for (let id = 0; id < weights.values.length; id++) {
    const weight = weights.values[id] as number; // Within bounds by the loop's condition.
    if (weight > weightMin) candidates.push({ id, weight });
  }
  return candidates;
}

/**
 * The fewest tokens, most likely first, that hold `topP` of the probability. Only candidates are
 * sorted: the tokens with less than (1 − topP) / n of the probability each hold less than 1 − topP
 * together, so none of them can be needed. Sorting the whole vocabulary would cost more than the
 * model's own step (0.5 ms for 4,096 entries).
 */
function toNucleus(weights: Weights, topP: number): Candidate[] {
  const weightMin = (weights.sum * (1 - topP)) / weights.values.length;
  const candidates = toCandidates(weights, weightMin);
  candidates.sort((a, b) => b.weight - a.weight || a.id - b.id);
  let mass = 0;
  const count = candidates.findIndex((candidate) => {
    mass += candidate.weight;
    return mass >= topP * weights.sum;
  });
  return count === -1 ? candidates : candidates.slice(0, count + 1);
}

function drawFrom(candidates: readonly Candidate[], random: number): number {
  const sum = candidates.reduce((total, candidate) => total + candidate.weight, 0);
  let left = random * sum;
  for (const candidate of candidates) {
    left -= candidate.weight;
    if (left < 0) return candidate.id;
  }
  // Rounding may leave a crumb after the last one.
  const last = candidates.at(-1);
  assert(last, "the most likely token is always a candidate");
  return last.id;
}
