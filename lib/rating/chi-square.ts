import { assert } from "@/lib/util/assert";

/** The chi-square distribution with an even number of degrees of freedom, whose tail is a finite sum. */

/**
 * The probability of a value of at least `value`: e^(-h) · Σ h^i / i! over i below degrees / 2, with h half of the
 * value (Abramowitz and Stegun 26.4.21). Exact to rounding; terms are summed by their logarithms, since e^(-h)
 * alone is too small to be told from zero.
 */
export function chiSquareTail(value: number, degrees: number): number {
  assert(degrees > 0 && degrees % 2 === 0, "this sum is of even degrees");
  if (value <= 0) return 1;
  const half = value / 2;
  const logHalf = Math.log(half);
  let logTerm = -half;
  let sum = Math.exp(logTerm);
  for (let index = 1; index < degrees / 2; index++) {
    logTerm += logHalf - Math.log(index);
    sum += Math.exp(logTerm);
  }
  return Math.min(1, sum);
}

/** The value that is reached with probability `tail`, by halving an interval that holds it. */
export function chiSquareQuantile(tail: number, degrees: number): number {
  assert(tail > 0 && tail < 1, "a probability that something lies beyond");
  let low = 0;
  let high = degrees;
  while (chiSquareTail(high, degrees) > tail) high *= 2;
  // Until no number lies between them.
  for (;;) {
    const middle = (low + high) / 2;
    if (middle <= low || middle >= high) return middle;
    if (chiSquareTail(middle, degrees) > tail) low = middle;
    else high = middle;
  }
}
