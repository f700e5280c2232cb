import type { LeaderboardEntry } from "@/lib/protocol/arena-view";

/** The common scale of all intervals: rounded ends and ticks between them. */
export type RatingScale = { lower: number; upper: number; ticks: number[] };

const STEPS = [10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000];
const TICKS_MAX = 5;

/** Undefined when nothing is rated: then there is nothing to draw. */
export function toRatingScale(entries: readonly LeaderboardEntry[]): RatingScale | undefined {
  const values = entries
    .flatMap((it) => [it.lower, it.rating, it.upper])
    .filter((it) => it !== null)
    .filter(Number.isFinite);
  if (values.length === 0) return undefined;
  const least = Math.min(...values);
  const most = Math.max(...values);
  const range = Math.max(most - least, 20);
  const step = STEPS.find((it) => range / it <= TICKS_MAX - 1) ?? 10_000;
  const lower = Math.floor((least - step * 0.15) / step) * step;
  const upper = Math.ceil((most + step * 0.15) / step) * step;
  const ticks: number[] = [];
  for (let tick = lower; tick <= upper; tick += step) ticks.push(tick);
  return { lower, upper, ticks };
}

/** Where a rating stands on the scale, in percent. */
export function toPercent(value: number, scale: RatingScale): number {
  const share = (value - scale.lower) / (scale.upper - scale.lower);
  return Math.min(100, Math.max(0, share * 100));
}
