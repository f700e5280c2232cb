import { formatShare } from "@/components/format";
import { AcrossAxis } from "./axis";
import { ActiveRow } from "./interval-drawing";
import { type BarsLayout, toBarsLayout } from "./interval-layout";

export type AverageRow = { model: string; share: number; opponents: number };

export function toAverageLayout(
  rows: readonly AverageRow[],
  width: number,
): BarsLayout<AverageRow> {
  const shares = rows.map((it) => it.share);
  return toBarsLayout({
    ...{ rows, width, nameOf: (row) => row.model, format: formatShare, numberWidth: 52 },
    // The middle is always in it: bars begin there.
    domain: [Math.min(0.4, ...shares), Math.max(0.6, ...shares)],
    middleOf: (row) => row.share,
    tip: (row) => ({
      title: row.model,
      lines: [
        ["Average win rate", formatShare(row.share)],
        ["Opponents", `${row.opponents}`],
      ],
    }),
  });
}

export type AverageDrawingProps = { layout: BarsLayout<AverageRow>; active: number | null };

/** Bars from one half outwards: to the right for more won than lost. */
export function AverageDrawing({ layout, active }: AverageDrawingProps) {
  const { width, height, rows, scale, top, bottom } = layout;
  const middle = scale.at(0.5);
  return (
    <svg {...{ width, height }} viewBox={`0 0 ${width} ${height}`} aria-hidden="true">
      <ActiveRow layout={layout} active={active} />
      <AcrossAxis {...{ scale, top, bottom }} label="Average win rate, %" isAbove />
      {rows.map(({ row, name, y }) => (
        <g key={row.model}>
          <text x={0} y={y} dominantBaseline="central" className="fill-ink font-mono text-xs">
            {name}
          </text>
          <rect
            x={Math.min(middle, scale.at(row.share))}
            y={y - 7}
            width={Math.abs(scale.at(row.share) - middle)}
            height={14}
            rx={2}
            className={row.share < 0.5 ? "fill-b" : "fill-a"}
          />
          <text
            x={width}
            y={y}
            textAnchor="end"
            dominantBaseline="central"
            className="numeric fill-ink text-xs"
          >
            {formatShare(row.share)}
          </text>
        </g>
      ))}
      <line
        {...{ x1: middle, x2: middle, y1: top, y2: bottom }}
        className="stroke-line-strong"
        strokeWidth={1.5}
      />
    </svg>
  );
}
