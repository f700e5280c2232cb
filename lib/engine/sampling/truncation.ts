import type { Candidates } from "./candidates";
import { expAtMostOne } from "./exp-at-most-one";
import type { SamplingParameters } from "./sampling-parameters";
import { ScratchArray } from "./scratch-array";

/**
 * Which tokens of a ranked list may be drawn. Every truncation keeps the first ranks and drops the
 * rest, so together they are one number: how many stay.
 */

const weightScratch = new ScratchArray((length) => new Float64Array(length));

/** Whether any token is kept from being drawn for its rank. Decides the order of the draw. */
export function isTruncated(parameters: SamplingParameters, vocabularySize: number): boolean {
  const { topK, topP, minP } = parameters;
  return (topK > 0 && topK < vocabularySize) || topP < 1 || minP > 0;
}

/** How many tokens top-k allows. */
export function toCountMax(topK: number, vocabularySize: number): number {
  return topK === 0 ? vocabularySize : Math.min(topK, vocabularySize);
}

/**
 * Min-p as a bound on `(logit − highest) / temperature`: compared before `exp`, so that both paths of
 * the sampler decide by the same rounding.
 */
export function toExponentMin(minP: number): number {
  return Math.log(minP);
}

/** Between which the mass of all tokens lies that may be drawn, relative to the list's first token. */
export type MassBounds = { readonly min: number; readonly max: number };

/** A list's weights, and what is known of the tokens outside of it. */
type WeighedList = {
  weights: Float64Array;
  length: number;
  /** No token outside weighs more. */
  restWeightMax: number;
};

/**
 * Draws from a ranked list by min-p, top-k, then top-p: the least set of what those two left that holds
 * `topP` of its mass. Undefined when tokens outside of the list could have a part in it.
 *
 * What lies outside need not be known: the mass of all is bounded, and with it the place of the draw.
 * Where both bounds lead to the same token, so does the mass itself, since the place moves one way
 * with it.
 *
 * @param options `allowedCount` tokens may be drawn before truncation; `random` lies in [0, 1);
 * `massesOfAll` are closer and closer bounds, each dearer than the one before it, undefined where one
 * is not to be had.
 */
export function drawFromCandidates(
  candidates: Candidates,
  parameters: SamplingParameters,
  options: {
    allowedCount: number;
    random: number;
    massesOfAll: readonly (() => MassBounds | undefined)[];
  },
): number | undefined {
  const { ids, logits, restLogitMax } = candidates;
  const { temperature, topK, topP, minP } = parameters;
  if (candidates.length === 0) return undefined;
  const countMax = toCountMax(topK, options.allowedCount);
  const exponentMin = toExponentMin(minP);
  const highest = logits[0] as number; // The list is not empty.
  const weights = weightScratch.take(candidates.length);
  const lengthMax = Math.min(candidates.length, countMax);
  let length = 0;
  let mass = 0;
  for (; length < lengthMax; length++) {
    const exponent = ((logits[length] as number) - highest) / temperature; // Within the list.
    if (exponent < exponentMin) break;
    const weight = expAtMostOne(exponent);
    weights[length] = weight;
    mass += weight;
  }
  let restWeightMax = 0;
  if (length === candidates.length && length < countMax) {
    const exponent = (restLogitMax - highest) / temperature;
    if (exponent >= exponentMin) restWeightMax = expAtMostOne(exponent);
  }
  const list = { weights, length, restWeightMax };
  const chosen = { topP, random: options.random };
  const max = mass + restWeightMax * (countMax - length);
  let drawn = drawBetween(list, { min: mass, max }, chosen);
  // The mass of all is that of what min-p and top-k left only if they leave everything.
  if (drawn === undefined && countMax === options.allowedCount && minP === 0) {
    for (const toBounds of options.massesOfAll) {
      const bounds = toBounds();
      if (!bounds) continue;
      // Rounding may put a sum a crumb below that of its part.
      const min = Math.max(mass, bounds.min);
      drawn = drawBetween(list, { min, max: Math.max(min, bounds.max) }, chosen);
      if (drawn !== undefined) break;
    }
  }
  return drawn === undefined ? undefined : ids[drawn - 1];
}

/** The rank drawn, from 1, if it is the same for every mass within the bounds. */
function drawBetween(
  list: WeighedList,
  { min, max }: MassBounds,
  { topP, random }: { topP: number; random: number },
): number | undefined {
  const { weights, length, restWeightMax } = list;
  const isKnown = min === max;
  const toKeptMass = (mass: number, otherwise: number) => {
    if (topP === 1) return mass;
    return massOfFirst(weights, countOfMass(weights, length, topP * mass)) ?? otherwise;
  };
  // A set that goes on outside of the list ends with the token that reaches its share of the mass.
  const keptMax = toKeptMass(max, Math.min(max, topP * max + restWeightMax));
  const last = countOfMass(weights, length, random * keptMax);
  if (last === undefined || (isKnown && restWeightMax === 0)) return last;
  const keptMin = toKeptMass(min, topP * min);
  return countOfMass(weights, length, random * keptMin) === last ? last : undefined;
}

function massOfFirst(weights: Float64Array, count: number | undefined): number | undefined {
  if (count === undefined) return undefined;
  let mass = 0;
  for (let rank = 0; rank < count; rank++) mass += weights[rank] as number; // Within the list.
  return mass;
}

/** How many first entries reach `mass`, at least one; undefined when all `length` do not. */
function countOfMass(weights: Float64Array, length: number, mass: number): number | undefined {
  let sum = 0;
  for (let index = 0; index < length; index++) {
    sum += weights[index] as number; // Within bounds by the loop's condition.
    if (sum >= mass) return index + 1;
  }
  return undefined;
}
