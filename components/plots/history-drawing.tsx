import { AcrossAxis, UpAxis } from "./axis";
import type { HistoryLayout } from "./history-layout";

export type HistoryDrawingProps = { layout: HistoryLayout; active: number | null };

/** Lines are told apart by colour, by dash and by the name at their end. */
const LOOKS = [
  { text: "fill-series-1", line: "stroke-series-1", dash: undefined },
  { text: "fill-series-2", line: "stroke-series-2", dash: undefined },
  { text: "fill-series-3", line: "stroke-series-3", dash: "7 3" },
  { text: "fill-series-4", line: "stroke-series-4", dash: undefined },
  { text: "fill-series-5", line: "stroke-series-5", dash: "2 3" },
  { text: "fill-series-6", line: "stroke-series-6", dash: "9 3 2 3" },
] as const;
const PLAIN = LOOKS[0];

/** Scores over time, each with its 95 % interval as a band. */
export function HistoryDrawing({ layout, active }: HistoryDrawingProps) {
  const { width, height, lines, across, up, left, right, top, bottom, points } = layout;
  const point = active === null ? undefined : points[active];
  return (
    <svg {...{ width, height }} viewBox={`0 0 ${width} ${height}`} aria-hidden="true">
      <UpAxis scale={up} {...{ left, right }} label="Score, points" />
      <AcrossAxis scale={across} {...{ top, bottom }} label="" />
      {point && (
        <line
          {...{ x1: point.x, x2: point.x, y1: top, y2: bottom }}
          className="stroke-line-strong"
        />
      )}
      {lines.map(({ model, series, paths }) => (
        <g key={model} className={LOOKS[series - 1]?.text}>
          {paths.map(({ band, start }) => (
            <path key={start.day} d={band} fillOpacity={0.13} />
          ))}
        </g>
      ))}
      {lines.map(({ model, series, paths, label }, index) => {
        const look = LOOKS[series - 1] ?? PLAIN;
        const isActive = point?.line === index;
        return (
          <g key={model}>
            {paths.map(({ line, isSingle, start }) =>
              isSingle ? (
                <g key={start.day}>
                  <line
                    {...{ x1: start.x, x2: start.x, y1: start.lower, y2: start.upper }}
                    strokeWidth={2}
                    className={look.line}
                  />
                  <circle cx={start.x} cy={start.y} r={4} className={look.text} />
                </g>
              ) : (
                <path
                  key={start.day}
                  d={line}
                  strokeWidth={isActive ? 3 : 2}
                  strokeLinejoin="round"
                  {...(look.dash && { strokeDasharray: look.dash })}
                  className={`fill-none ${look.line}`}
                />
              ),
            )}
            <text
              {...{ x: label.x, y: label.y }}
              dominantBaseline="central"
              className={`font-mono text-xs ${look.text} ${isActive ? "font-medium" : ""}`}
            >
              {label.text}
            </text>
          </g>
        );
      })}
      {point && (
        <>
          <line
            {...{ x1: point.x, x2: point.x, y1: point.lower, y2: point.upper }}
            strokeWidth={2}
            className="stroke-ink"
          />
          <circle
            cx={point.x}
            cy={point.y}
            r={5}
            strokeWidth={2}
            className="fill-paper stroke-ink"
          />
        </>
      )}
    </svg>
  );
}
