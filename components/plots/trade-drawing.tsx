import clsx from "clsx";
import { AcrossAxis, UpAxis } from "./axis";
import type { TradeLayout } from "./trade-layout";

export type TradeDrawingProps = {
  layout: TradeLayout;
  active: number | null;
  label: string;
};

/** A dot for each model; those that no other beats in both are larger, named first and joined by a line; hollow ones are preliminary. */
export function TradeDrawing({ layout, active, label }: TradeDrawingProps) {
  const { width, height, points, frontPath, labels, across, up, left, right, top, bottom } = layout;
  const point = active === null ? undefined : points[active];
  return (
    <svg {...{ width, height }} viewBox={`0 0 ${width} ${height}`} aria-hidden="true">
      <UpAxis scale={up} {...{ left, right }} label="Score, points" />
      <AcrossAxis scale={across} {...{ top, bottom, label }} />
      <path d={frontPath} className="fill-none stroke-ink-soft" strokeWidth={1.5} />
      {points.map(({ row, x, y, isFront }) => (
        <circle
          key={row.model}
          {...{ cx: x, cy: y }}
          r={isFront ? 5 : 3}
          strokeWidth={1.5}
          className={clsx(
            isFront ? "stroke-ink" : "stroke-ink-soft",
            row.isPreliminary ? "fill-paper" : isFront ? "fill-ink" : "fill-ink-soft",
          )}
        />
      ))}
      {labels.map((it) => (
        <text
          key={`${it.text} ${it.x} ${it.y}`}
          {...{ x: it.x, y: it.y }}
          textAnchor={it.anchor}
          dominantBaseline="central"
          strokeWidth={4}
          strokeLinejoin="round"
          className={`stroke-paper font-mono text-xs [paint-order:stroke] ${it.isFront ? "fill-ink font-medium" : "fill-ink-soft"}`}
        >
          {it.text}
        </text>
      ))}
      {point && (
        <circle cx={point.x} cy={point.y} r={9} strokeWidth={2} className="fill-none stroke-ink" />
      )}
    </svg>
  );
}
