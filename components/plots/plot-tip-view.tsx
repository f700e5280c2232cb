import type { PlotTip } from "./plot-layout";

export type PlotTipViewProps = {
  tip: PlotTip;
  /** Of its mark, in the drawing. */
  point: { x: number; y: number };
  /** Of the box that the drawing scrolls in. */
  width: number;
  scrolledBy: number;
};

const WIDTH_MAX = 260;
const GAP = 14;

/** The words beside a mark, to the side that has room. */
export function PlotTipView({ tip, point, width, scrolledBy }: PlotTipViewProps) {
  const x = point.x - scrolledBy;
  const isLeft = x > width / 2;
  // Under 320 px the words may be as wide as the plot: they keep inside it.
  const side = isLeft
    ? { right: Math.max(0, Math.min(width - x + GAP, width - WIDTH_MAX)) }
    : { left: Math.max(0, Math.min(x + GAP, width - WIDTH_MAX)) };
  return (
    <div
      aria-hidden="true"
      className="numeric pointer-events-none absolute z-10 animate-fade rounded-md border border-line bg-surface px-3 py-2 text-xs shadow-raised"
      style={{ ...side, top: Math.max(0, point.y + GAP), maxWidth: WIDTH_MAX }}
    >
      <p className="mb-1 font-mono font-medium break-words">{tip.title}</p>
      <dl className="grid grid-cols-[auto_auto] gap-x-4 gap-y-0.5">
        {tip.lines.map(([label, value]) => (
          <div key={label} className="contents">
            <dt className="text-ink-soft">{label}</dt>
            <dd className="text-right">{value}</dd>
          </div>
        ))}
      </dl>
    </div>
  );
}
