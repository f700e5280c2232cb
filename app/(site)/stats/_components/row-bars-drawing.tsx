import { BAR_HEIGHT, ROW_HEIGHT, type RowBarsLayout } from "./row-bars-layout";

export type RowBarsDrawingProps = { layout: RowBarsLayout; active: number | null };

const FILLS = { ink: "fill-ink", a: "fill-a", b: "fill-b" };

export function RowBarsDrawing({ layout, active }: RowBarsDrawingProps) {
  const { width, height, rows, from } = layout;
  return (
    <svg {...{ width, height }} viewBox={`0 0 ${width} ${height}`} aria-hidden="true">
      {rows.map(({ label, text, tone, y, length }, index) => (
        <g key={label}>
          {index === active && (
            <rect
              {...{ x: 0, y: y - ROW_HEIGHT / 2, width, height: ROW_HEIGHT, rx: 4 }}
              className="fill-sunken"
            />
          )}
          <text x={0} y={y} dominantBaseline="central" className="fill-ink text-sm">
            {label}
          </text>
          <rect
            {...{ x: from, y: y - BAR_HEIGHT / 2, width: Math.max(1, length), height: BAR_HEIGHT }}
            rx={2}
            className={FILLS[tone]}
          />
          <text
            x={from + length + 8}
            y={y}
            dominantBaseline="central"
            className="numeric fill-ink text-sm"
          >
            {text}
          </text>
        </g>
      ))}
    </svg>
  );
}
