import { formatCount } from "@/components/format";
import { AcrossAxis } from "./axis";
import { type BarsLayout, ROW_HEIGHT } from "./interval-layout";
import type { RatedRow } from "./rated-rows";

export type IntervalDrawingProps = { layout: BarsLayout<RatedRow>; active: number | null };

/** A dot for the score and a line for its interval, all models on one scale. */
export function IntervalDrawing({ layout, active }: IntervalDrawingProps) {
  const { width, height, rows, scale, top, bottom } = layout;
  return (
    <svg {...{ width, height }} viewBox={`0 0 ${width} ${height}`} aria-hidden="true">
      <ActiveRow layout={layout} active={active} />
      <AcrossAxis {...{ scale, top, bottom }} label="Score, points" isAbove />
      {rows.map(({ row, name, y }) => (
        <g key={row.model}>
          <text x={0} y={y} dominantBaseline="central" className="fill-ink font-mono text-xs">
            {name}
          </text>
          <line
            x1={scale.at(row.lower)}
            x2={scale.at(row.upper)}
            {...{ y1: y, y2: y }}
            strokeWidth={2}
            strokeLinecap="round"
            className="stroke-ink-soft"
          />
          <circle
            cx={scale.at(row.rating)}
            cy={y}
            r={width < 560 ? 3.5 : 4.5}
            strokeWidth={2}
            className={row.isPreliminary ? "fill-paper stroke-ink" : "fill-ink stroke-ink"}
          />
          <text
            x={width}
            y={y}
            textAnchor="end"
            dominantBaseline="central"
            className="numeric fill-ink text-xs"
          >
            {formatCount(row.rating)}
          </text>
        </g>
      ))}
    </svg>
  );
}

/** The row that is read now. */
export function ActiveRow<Row>({
  layout,
  active,
}: {
  layout: BarsLayout<Row>;
  active: number | null;
}) {
  const place = active === null ? undefined : layout.rows[active];
  if (!place) return null;
  return (
    <rect
      x={0}
      y={place.y - ROW_HEIGHT / 2}
      width={layout.width}
      height={ROW_HEIGHT}
      rx={4}
      className="fill-sunken"
    />
  );
}
