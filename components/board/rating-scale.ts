/** The common scale of all intervals, with ticks at round numbers. */
export type RatingScale = { lower: number; upper: number; ticks: number[] };

export type Scored = { rating: number | null; lower: number | null; upper: number | null };

const STEPS = [10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000];
const TICKS_MAX = 5;
const MARGIN = 0.05;
/** An interval so many times as wide as the span of all scores is drawn to the scale's end and no further. */
const REACH_MAX = 1;

/**
 * Undefined when nothing is rated: then there is nothing to draw. The scores decide the span; one model of
 * few votes, whose interval is many times as wide, must not press all others together.
 */
export function toRatingScale(rows: readonly Scored[]): RatingScale | undefined {
  const ratings: number[] = [];
  const ends: number[] = [];
  for (const { rating, lower, upper } of rows) {
    if (rating === null) continue;
    ratings.push(rating);
    ends.push(lower ?? rating, upper ?? rating);
  }
  if (ratings.length === 0) return undefined;
  const [low, high] = [Math.min(...ratings), Math.max(...ratings)];
  const reach = Math.max(high - low, 100) * REACH_MAX;
  const least = Math.max(Math.min(...ends), low - reach);
  const most = Math.min(Math.max(...ends), high + reach);
  const range = Math.max(most - least, 20);
  const step = STEPS.find((it) => range / it <= TICKS_MAX - 1) ?? 10_000;
  // Room for a dot at either end; ticks stand where round numbers are and not at the ends, which would waste a third.
  const [lower, upper] = [least - range * MARGIN, most + range * MARGIN];
  const ticks: number[] = [];
  for (let tick = Math.ceil(lower / step) * step; tick <= upper; tick += step) ticks.push(tick);
  return { lower, upper, ticks };
}

/** Where a rating stands on the scale, in percent. */
export function toPercent(value: number, scale: RatingScale): number {
  const share = (value - scale.lower) / (scale.upper - scale.lower);
  return Math.min(100, Math.max(0, share * 100));
}
