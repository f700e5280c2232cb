import type { Random } from "@/lib/util/random";

/** Draws of how many of `count` tries succeed. */

/** Below so many expected successes they are counted out one by one. */
const COUNTED_OUT_MAX = 10;

export function drawBinomial(count: number, probability: number, random: Random): number {
  if (count <= 0 || probability <= 0) return 0;
  if (probability >= 1) return count;
  if (probability > 0.5) return count - drawBinomial(count, 1 - probability, random);
  if (count * probability < COUNTED_OUT_MAX) return drawFew(count, probability, random);
  return drawMany(count, probability, random);
}

/** Inversion of the distribution function, from zero upwards. */
function drawFew(count: number, probability: number, random: Random): number {
  const odds = probability / (1 - probability);
  let chance = Math.exp(count * Math.log1p(-probability));
  let left = random();
  for (let successes = 0; successes < count; successes++) {
    if (left < chance) return successes;
    left -= chance;
    chance *= (odds * (count - successes)) / (successes + 1);
    // Rounding may leave a little of the unit that no number of successes has.
    if (chance < Number.MIN_VALUE) return successes;
  }
  return count;
}

/** Transformed rejection (Hörmann, Journal of Statistical Computation and Simulation 46, 1993: BTRS). */
function drawMany(count: number, probability: number, random: Random): number {
  const deviation = Math.sqrt(count * probability * (1 - probability));
  const b = 1.15 + 2.53 * deviation;
  const a = -0.0873 + 0.0248 * b + 0.01 * probability;
  const centre = count * probability + 0.5;
  const roof = 0.92 - 4.2 / b;
  const alpha = (2.83 + 5.1 / b) * deviation;
  for (;;) {
    const left = random() - 0.5;
    const right = random();
    const edge = 0.5 - Math.abs(left);
    const drawn = Math.floor(((2 * a) / edge + b) * left + centre);
    if (drawn < 0 || drawn > count) continue;
    // Six draws of seven, without a logarithm.
    if (edge >= 0.07 && right <= roof) return drawn;
    const mode = Math.floor((count + 1) * probability);
    const bound =
      logFactorial(mode) +
      logFactorial(count - mode) -
      (logFactorial(drawn) + logFactorial(count - drawn)) +
      (drawn - mode) * Math.log(probability / (1 - probability));
    if (Math.log((right * alpha) / (a / (edge * edge) + b)) <= bound) return drawn;
  }
}

/** Stirling's series, exact to 1e-10 from ten on; below that a table. */
function logFactorial(value: number): number {
  const known = LOG_FACTORIALS[value];
  if (known !== undefined) return known;
  const inverse = 1 / (value + 1);
  const correction =
    inverse * (1 / 12 - inverse * inverse * (1 / 360 - (inverse * inverse) / 1260));
  return (value + 0.5) * Math.log(value + 1) - (value + 1) + Math.log(2 * Math.PI) / 2 + correction;
}

const LOG_FACTORIALS = [0];
for (let value = 1; value < 12; value++) {
  LOG_FACTORIALS.push((LOG_FACTORIALS[value - 1] ?? 0) + Math.log(value));
}
