import { formatCount } from "@/components/format";
import type { RatingHistory } from "@/lib/protocol/board-view";
import { toFullDay } from "./scale";

export type RatingSparklineProps = {
  days: RatingHistory["days"];
  points: RatingHistory["models"][number]["points"];
  /** Whose ratings. */
  label: string;
  className?: string;
};

const WIDTH = 160;
const HEIGHT = 36;
const MARGIN = 4;

/** A line without axes, for a row: where a score came from. Its numbers are in its words. */
export function RatingSparkline({ days, points, label, className }: RatingSparklineProps) {
  const known = points.flatMap((point, index) => (point ? [{ ...point, index }] : []));
  const [first, last] = [known[0], known.at(-1)];
  if (!first || !last) return <span className="text-sm text-ink-soft">No score yet</span>;
  const least = Math.min(...known.map((it) => it.lower));
  const range = Math.max(Math.max(...known.map((it) => it.upper)) - least, 1);
  const x = (index: number) =>
    days.length < 2 ? WIDTH / 2 : MARGIN + (index / (days.length - 1)) * (WIDTH - 2 * MARGIN);
  const y = (rating: number) =>
    HEIGHT - MARGIN - ((rating - least) / range) * (HEIGHT - 2 * MARGIN);
  const at = (index: number, rating: number) => `${x(index).toFixed(1)} ${y(rating).toFixed(1)}`;
  const upper = known.map((it) => at(it.index, it.upper));
  const lower = known.map((it) => at(it.index, it.lower)).reverse();
  return (
    <svg
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      {...{ width: WIDTH, height: HEIGHT, className }}
      role="img"
      aria-label={
        `${label}: ${formatCount(first.rating)} on ${toWords(days[first.index])}, ` +
        `${formatCount(last.rating)} on ${toWords(days[last.index])}`
      }
    >
      <path d={`M${[...upper, ...lower].join("L")}Z`} className="fill-ink" fillOpacity={0.1} />
      <path
        d={`M${known.map((it) => at(it.index, it.rating)).join("L")}`}
        strokeWidth={1.5}
        strokeLinejoin="round"
        className="fill-none stroke-ink-soft"
      />
      <circle cx={x(last.index)} cy={y(last.rating)} r={3} className="fill-ink" />
    </svg>
  );
}

function toWords(day: string | undefined): string {
  return day === undefined ? "an unknown day" : toFullDay(day);
}
