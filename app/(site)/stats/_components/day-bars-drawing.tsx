import { AcrossAxis, UpAxis } from "@/components/plots/axis";
import type { DayBarsLayout } from "./day-bars-layout";

export type DayBarsDrawingProps = { layout: DayBarsLayout; active: number | null };

export function DayBarsDrawing({ layout, active }: DayBarsDrawingProps) {
  const { width, height, bars, across, up, left, right, bottom, label } = layout;
  return (
    <svg {...{ width, height }} viewBox={`0 0 ${width} ${height}`} aria-hidden="true">
      <UpAxis scale={up} {...{ left, right }} label={`${label} a day`} />
      <AcrossAxis scale={across} top={bottom} bottom={bottom + 4} label="" />
      {bars.map(({ day, x, y, width, height, isFew }, index) => (
        <rect
          key={day}
          {...{ x, y, width, height }}
          rx={isFew ? 0 : Math.min(2, width / 4)}
          className={isFew ? "fill-line-strong" : index === active ? "fill-a" : "fill-ink"}
          // Today is not over.
          fillOpacity={index === bars.length - 1 && !isFew ? 0.55 : 1}
        />
      ))}
    </svg>
  );
}
