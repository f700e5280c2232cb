import type { Scale } from "./scale";

export type AcrossAxisProps = {
  scale: Scale;
  /** From where to where its lines go. */
  top: number;
  bottom: number;
  /** What is measured, with its unit; under the ticks. */
  label: string;
  isAbove?: boolean;
};

/** Lines through the drawing at each tick, and the ticks' words below them or above. */
export function AcrossAxis({ scale, top, bottom, label, isAbove = false }: AcrossAxisProps) {
  const [from, to] = [scale.at(scale.domain[0]), scale.at(scale.domain[1])];
  return (
    <g>
      {!isAbove && (
        <line
          {...{ x1: from, x2: to, y1: crisp(bottom), y2: crisp(bottom) }}
          className="stroke-line"
        />
      )}
      {scale.ticks.map((tick) => (
        <g key={tick.value}>
          <line
            x1={crisp(scale.at(tick.value))}
            x2={crisp(scale.at(tick.value))}
            {...{ y1: top, y2: bottom }}
            className="stroke-line"
          />
          <text
            x={scale.at(tick.value)}
            y={isAbove ? top - 8 : bottom + 16}
            textAnchor="middle"
            className="numeric fill-ink-soft text-xs"
          >
            {tick.label}
          </text>
        </g>
      ))}
      <text
        x={(from + to) / 2}
        y={isAbove ? top - 28 : bottom + 36}
        textAnchor="middle"
        className="fill-ink-soft text-xs"
      >
        {label}
      </text>
    </g>
  );
}

export type UpAxisProps = {
  scale: Scale;
  left: number;
  right: number;
  /** Above the ticks, at the left: upright words are read without turning one's head. */
  label: string;
};

export function UpAxis({ scale, left, right, label }: UpAxisProps) {
  const top = Math.min(scale.at(scale.domain[0]), scale.at(scale.domain[1]));
  return (
    <g>
      {scale.ticks.map((tick) => (
        <g key={tick.value}>
          <line
            {...{ x1: left, x2: right }}
            y1={crisp(scale.at(tick.value))}
            y2={crisp(scale.at(tick.value))}
            className="stroke-line"
          />
          <text
            x={left - 8}
            y={scale.at(tick.value)}
            textAnchor="end"
            dominantBaseline="central"
            className="numeric fill-ink-soft text-xs"
          >
            {tick.label}
          </text>
        </g>
      ))}
      <text x={0} y={top - 16} className="fill-ink-soft text-xs">
        {label}
      </text>
    </g>
  );
}

/** Hairlines on whole pixels are not smeared over two. */
export function crisp(pixel: number): number {
  return Math.round(pixel) + 0.5;
}
