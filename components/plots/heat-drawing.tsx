import { memo } from "react";
import type { HeatLayout } from "./heat-layout";

export type HeatDrawingProps = {
  layout: HeatLayout;
  /** Of a step, for cells that print numbers and for those that do not. */
  color: (step: number, hasNumbers: boolean) => string;
  legend: HeatLegend;
};

export type HeatLegend = {
  steps: readonly number[];
  /** Under the first, the middle and the last colour. */
  labels: readonly [least: string, middle: string, most: string];
  /** What is counted. */
  title: string;
};

/** Every how many rows a number stands where names do not fit. */
const NUMBERS_EVERY = 10;
/** What a cell on few votes leaves free at each edge, as a share of its side. */
const FAINT_INSET = 0.26;

/** Rows against columns. */
export const HeatDrawing = memo(function HeatDrawing(props: HeatDrawingProps) {
  const { layout, color, legend } = props;
  const { width, height } = layout;
  return (
    <svg {...{ width, height }} viewBox={`0 0 ${width} ${height}`} aria-hidden="true">
      <Cells layout={layout} color={color} />
      <ColumnHeads layout={layout} active={null} />
      <RowHeads layout={layout} active={null} />
      <Legend layout={layout} color={color} legend={legend} />
    </svg>
  );
});

/** The row and the column of the active cell, for above a drawing. */
export function HeatOverlay({ layout, active }: { layout: HeatLayout; active: number }) {
  const { width, height } = layout;
  return (
    <svg {...{ width, height }} viewBox={`0 0 ${width} ${height}`} aria-hidden="true">
      <ColumnHeads layout={layout} active={active} isAlone />
      <RowHeads layout={layout} active={active} isAlone />
      <ActiveCell layout={layout} active={active} />
    </svg>
  );
}

/** The names of the rows alone: they stand still while cells scroll beneath them. */
export function HeatHeads({ layout, active }: HeadsProps) {
  const { left, height } = layout;
  return (
    <svg width={left - 4} {...{ height }} aria-hidden="true" className="bg-paper">
      <RowHeads layout={layout} active={active} />
    </svg>
  );
}

type HeadsProps = {
  layout: HeatLayout;
  active: number | null;
  /** The active one and no other, above the one that is drawn already. */
  isAlone?: boolean;
};
type CellsProps = Pick<HeatDrawingProps, "layout" | "color">;

/**
 * Cells of one colour are one path: 200 models have 40 000 cells, and as elements of their own they would take
 * a hundred times as long to lay out (measured: docs/decisions/0047).
 */
function Cells({ layout, color }: CellsProps) {
  const { look, cells, count, side, left, top } = layout;
  const gap = side >= 8 ? 1 : 0;
  const paths = new Map<number, string[]>();
  for (const [index, { step, isFaint }] of cells.entries()) {
    if (step === null) continue;
    const inset = isFaint ? Math.max(gap, side * FAINT_INSET) : gap / 2;
    const size = toShort(side - 2 * inset);
    const x = toShort(left + (index % count) * side + inset);
    const y = toShort(top + Math.floor(index / count) * side + inset);
    const path = paths.get(step) ?? [];
    path.push(`M${x} ${y}h${size}v${size}h-${size}z`);
    paths.set(step, path);
  }
  const gridSide = count * side;
  return (
    <g>
      <rect
        {...{ x: left, y: top, width: gridSide, height: gridSide }}
        className="fill-sunken"
        rx={2}
      />
      {[...paths].map(([step, path]) => (
        <path key={step} d={path.join("")} style={{ fill: color(step, look.hasNumbers) }} />
      ))}
      {look.hasNumbers &&
        cells.map((cell, index) =>
          cell.text === "" || cell.isFaint ? null : (
            <text
              // biome-ignore lint/suspicious/noArrayIndexKey: a cell is what stands at its index.
              key={index}
              x={left + ((index % count) + 0.5) * side}
              y={top + (Math.floor(index / count) + 0.5) * side}
              textAnchor="middle"
              dominantBaseline="central"
              className="numeric fill-ink text-xs"
            >
              {cell.text}
            </text>
          ),
        )}
    </g>
  );
}

function toShort(pixel: number): number {
  return Math.round(pixel * 10) / 10;
}

function RowHeads({ layout, active, isAlone = false }: HeadsProps) {
  const { names, count, side, left, top, look } = layout;
  const row = active === null ? null : Math.floor(active / count);
  return (
    <g>
      {names.map(({ name, number }, index) => {
        if (isAlone && index !== row) return null;
        if (!look.hasNames && index !== row && (index + 1) % NUMBERS_EVERY !== 0) return null;
        return (
          <text
            key={number}
            x={left - 8}
            y={top + (index + 0.5) * side}
            textAnchor="end"
            dominantBaseline="central"
            className={`font-mono text-xs ${index === row ? "fill-accent font-medium" : "fill-ink"}`}
          >
            {look.hasNames && name}
            {look.hasNames && look.hasHeads === "numbers" && " "}
            {(look.hasHeads !== "names" || !look.hasNames) && (
              <tspan className="fill-ink-soft">{number}</tspan>
            )}
          </text>
        );
      })}
    </g>
  );
}

function ColumnHeads({ layout, active, isAlone = false }: HeadsProps) {
  const { names, count, side, left, top, look } = layout;
  const column = active === null ? null : active % count;
  return (
    <g>
      {names.map(({ name, number }, index) => {
        const isActive = index === column;
        if (isAlone && !isActive) return null;
        const x = left + (index + 0.5) * side;
        const fill = isActive ? "fill-accent font-medium" : "fill-ink-soft";
        if (look.hasHeads === "names") {
          return (
            <text
              key={number}
              transform={`translate(${x + 2} ${top - 8}) rotate(-45)`}
              className={`font-mono text-xs ${isActive ? fill : "fill-ink"}`}
            >
              {name}
            </text>
          );
        }
        const isShown = look.hasHeads === "numbers" && side >= 8 * number.length;
        if (!isShown && !isActive && (index + 1) % NUMBERS_EVERY !== 0) return null;
        return (
          <text
            key={number}
            x={x}
            y={top - 8}
            textAnchor="middle"
            className={`numeric font-mono text-xs ${fill}`}
          >
            {number}
          </text>
        );
      })}
    </g>
  );
}

function ActiveCell({ layout, active }: { layout: HeatLayout; active: number }) {
  const { count, side, left, top } = layout;
  const [row, column] = [Math.floor(active / count), active % count];
  const far = count * side;
  return (
    <g className="fill-none stroke-ink-soft" strokeWidth={1}>
      <rect x={left} y={top + row * side} width={far} height={side} />
      <rect x={left + column * side} y={top} width={side} height={far} />
      <rect
        x={left + column * side}
        y={top + row * side}
        width={side}
        height={side}
        className="stroke-ink"
        strokeWidth={2}
      />
    </g>
  );
}

const LEGEND_STEP = 16;
/** As long as its title may be. */
const LEGEND_TITLE_WIDTH = 130;

function Legend({ layout, color, legend }: HeatDrawingProps) {
  const { top, count, side, look } = layout;
  const width = legend.steps.length * LEGEND_STEP;
  const left = Math.max(0, Math.min(layout.left, layout.width - width - LEGEND_TITLE_WIDTH));
  const y = top + count * side + 16;
  const anchors = ["start", "middle", "end"] as const;
  return (
    <g>
      {legend.steps.map((step, index) => (
        <rect
          key={step}
          x={left + index * LEGEND_STEP}
          {...{ y, width: LEGEND_STEP, height: 10 }}
          style={{ fill: color(step, look.hasNumbers) }}
        />
      ))}
      <rect x={left} {...{ y, width, height: 10 }} className="fill-none stroke-line" />
      <text x={left + width + 12} y={y + 9} className="fill-ink-soft text-xs">
        {legend.title}
      </text>
      {legend.labels.map((label, index) => (
        <text
          key={label}
          x={left + (width * index) / 2}
          y={y + 26}
          textAnchor={anchors[index]}
          className="numeric fill-ink-soft text-xs"
        >
          {label}
        </text>
      ))}
    </g>
  );
}
