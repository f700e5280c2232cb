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

/**
 * Draws from a ranked list by min-p, top-k, then top-p: the least set of what those two left that holds
 * `topP` of its mass. Undefined when tokens outside of the list could have a part in it.
 *
 * @param random in [0, 1).
 * @param massOfAll mass of the whole vocabulary relative to the list's first token, if it is known.
 */
export function drawFromCandidates(
  candidates: Candidates,
  parameters: SamplingParameters,
  options: { vocabularySize: number; random: number; massOfAll: () => number | undefined },
): number | undefined {
  const { ids, logits, restLogitMax } = candidates;
  const { temperature, topK, topP, minP } = parameters;
  if (candidates.length === 0) return undefined;
  const countMax = toCountMax(topK, options.vocabularySize);
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
  let restMassMax = 0;
  if (length === candidates.length && length < countMax) {
    const exponent = (restLogitMax - highest) / temperature;
    if (exponent >= exponentMin) restMassMax = expAtMostOne(exponent) * (countMax - length);
  }
  let kept: number | undefined = restMassMax === 0 ? length : undefined;
  if (topP < 1) {
    kept = countOfMass(weights, length, topP * mass);
    if (restMassMax > 0 && kept !== countOfMass(weights, length, topP * (mass + restMassMax))) {
      // The mass of all is that of what the other two left only if they leave everything.
      const isAll = countMax === options.vocabularySize && minP === 0;
      const total = isAll ? options.massOfAll() : undefined;
      if (total !== undefined) kept = countOfMass(weights, length, topP * Math.max(total, mass));
      else kept = undefined;
    }
  }
  if (kept === undefined) return undefined;
  let keptMass = 0;
  for (let rank = 0; rank < kept; rank++) keptMass += weights[rank] as number; // Within `length`.
  const drawn = countOfMass(weights, kept, options.random * keptMass) ?? kept;
  return ids[drawn - 1];
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
