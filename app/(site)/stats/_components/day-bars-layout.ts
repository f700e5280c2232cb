import { formatCount } from "@/components/format";
import { moveInList, type PlotLayout } from "@/components/plots/plot-layout";
import { dayScale, linearScale, type Scale, toDayMs, toFullDay } from "@/components/plots/scale";
import { STATS_GROUP_MIN } from "@/lib/arena-limits";

export type DayCount = { day: string; count: number | null };

export type DayBar = {
  day: string;
  x: number;
  y: number;
  width: number;
  height: number;
  /** Some, and too few to tell. */
  isFew: boolean;
};

export type DayBarsLayout = PlotLayout & {
  label: string;
  bars: readonly DayBar[];
  across: Scale;
  up: Scale;
  left: number;
  right: number;
  bottom: number;
};

const LEFT = 48;
const TOP = 40;
const BOTTOM = 32;
/** Of a bar without a number. */
const FEW_HEIGHT = 3;

/** Bars by day. There is at least one day. */
export function toDayBars(
  days: readonly DayCount[],
  { width, label }: { width: number; label: string },
): DayBarsLayout {
  const isNarrow = width < 560;
  const height = isNarrow ? 260 : 320;
  const [left, right, bottom] = [LEFT, width - 8, height - BOTTOM];
  const step = (right - left) / Math.max(1, days.length);
  const [first = 0, last = first] = [days[0], days.at(-1)].map((it) => toDayMs(it?.day ?? ""));
  const across = dayScale({
    domain: [first, last],
    range: [left + step / 2, right - step / 2],
    tickCountMax: isNarrow ? 3 : 7,
  });
  const up = linearScale({
    domain: [0, Math.max(STATS_GROUP_MIN, ...days.map(({ count }) => count ?? 0))],
    range: [bottom, TOP],
    tickCountMax: 6,
    format: formatCount,
  });
  const gap = Math.min(4, step * 0.25);
  // The scale ends a little below it, and days stand on it.
  const foot = up.at(0);
  const bars = days.map(({ day, count }, index): DayBar => {
    const y = count === null ? foot - FEW_HEIGHT : up.at(count);
    return {
      ...{ day, y, height: foot - y, isFew: count === null },
      ...{ x: left + index * step + gap / 2, width: Math.max(1, step - gap) },
    };
  });
  return {
    ...{ width, height, label, bars, across, up, left, right, bottom: foot },
    cursor: {
      count: days.length,
      find: (x) => {
        const index = Math.floor((x - left) / step);
        return index >= 0 && index < days.length ? index : null;
      },
      move: moveInList(days.length),
      at: (index) => {
        const bar = bars[index];
        return bar ? { x: bar.x + bar.width / 2, y: bar.y } : { x: 0, y: 0 };
      },
      tip: (index) => {
        const day = days[index];
        const count = day?.count ?? null;
        const text = count === null ? `fewer than ${STATS_GROUP_MIN}` : formatCount(count);
        return { title: toFullDay(day?.day ?? ""), lines: [[label, text]] };
      },
    },
  };
}
