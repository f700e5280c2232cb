/**
 * `exp(x)` for x up to 0: four times as fast as `Math.exp` in the loops over a vocabulary (0.38 against
 * 1.64 ms for 151,936 numbers), which are what a draw from the whole row costs.
 *
 * exp(x) = 2^-q · 2^-(i / STEPS) · exp(r): the first two factors from tables, the last, with |r| below
 * ln 2 / STEPS, by its Taylor series to the third power, whose rest is below 1e-15. Relative error
 * against `Math.exp` below 1e-14 (tested); exp(0) is exactly 1.
 *
 * @returns 0 below the exponent at which doubles lose precision, NaN for NaN.
 */
export function expAtMostOne(x: number): number {
  if (x < EXPONENT_MIN) return 0;
  const scaled = -x * STEPS_PER_UNIT;
  const whole = scaled | 0;
  const r = (whole - scaled) / STEPS_PER_UNIT;
  // Both indices lie within their tables, since x lies between EXPONENT_MIN and 0.
  const factors =
    (FRACTIONS[whole & (STEPS - 1)] as number) * (POWERS[whole >> STEP_BITS] as number);
  return factors * (1 + r * (1 + r * (1 / 2 + r * (1 / 6))));
}

const STEP_BITS = 11;
const STEPS = 2 ** STEP_BITS;
const STEPS_PER_UNIT = STEPS / Math.LN2;
/** The smallest normal double is e^-708.4. */
const EXPONENT_MIN = -708;
const FRACTIONS = Float64Array.from({ length: STEPS }, (_, index) => 2 ** (-index / STEPS));
const POWERS = Float64Array.from({ length: 1_024 }, (_, index) => 2 ** -index);
