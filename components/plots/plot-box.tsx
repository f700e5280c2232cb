"use client";

import clsx from "clsx";
import {
  type KeyboardEvent,
  type PointerEvent,
  type ReactElement,
  useId,
  useMemo,
  useRef,
  useState,
} from "react";
import type { Direction, PlotLayout } from "./plot-layout";
import { PlotTipView } from "./plot-tip-view";
import { useBoxWidth } from "./use-box-width";

export type PlotBoxProps<Layout extends PlotLayout> = {
  /** What the drawing shows. */
  label: string;
  /** What arrow keys move between: "from model to model". */
  moves: string;
  /** Has to be stable while nothing changes: layouts are made once for each width. */
  layout: (width: number) => Layout;
  Drawing: (props: { layout: Layout; active: number | null }) => ReactElement;
  /**
   * What marks the active one, drawn above a drawing that then stays as it is: of one with 40 000 cells
   * nothing is painted anew while a pointer passes over it.
   */
  Overlay?: (props: { layout: Layout; active: number }) => ReactElement;
  /** Stands still at the left while the drawing scrolls sideways. */
  Heads?: (props: { layout: Layout; active: number | null }) => ReactElement;
  /** What stands in the drawing's place until its width is known. */
  heightAtFirst?: number;
};

const DIRECTIONS: Record<string, Direction> = {
  ...{ ArrowUp: "up", ArrowDown: "down", ArrowLeft: "left", ArrowRight: "right" },
  ...{ Home: "first", End: "last" },
};

/**
 * A drawing as wide as there is room, of which one mark at a time can be read: the one under the pointer or
 * the one that arrow keys have moved to. It is one stop for the Tab key, however many marks it has, and what
 * a key leads to is said aloud; the table of the same figure is there for reading it all.
 */
export function PlotBox<Layout extends PlotLayout>(props: PlotBoxProps<Layout>) {
  const { label, moves, layout: toLayout, Drawing, Overlay, Heads, heightAtFirst = 320 } = props;
  const box = useRef<HTMLDivElement>(null);
  const anchor = useRef<HTMLSpanElement>(null);
  const hintId = useId();
  const width = useBoxWidth(box);
  const layout = useMemo(() => (width === null ? null : toLayout(width)), [width, toLayout]);
  const [chosen, setChosen] = useState<{ index: number; isByKey: boolean } | null>(null);
  const [scrolledBy, setScrolledBy] = useState(0);
  const cursor = layout?.cursor;
  // Another width or other data may have fewer marks than when one was chosen.
  const active = chosen && cursor && chosen.index < cursor.count ? chosen.index : null;
  const tip = active === null ? undefined : cursor?.tip(active);

  const onPointer = (event: PointerEvent<HTMLDivElement>) => {
    if (!cursor) return;
    const frame = event.currentTarget.getBoundingClientRect();
    const index = cursor.find(event.clientX - frame.left, event.clientY - frame.top);
    if (index !== active) setChosen(index === null ? null : { index, isByKey: false });
  };
  const moveTo = (index: number) => {
    setChosen({ index, isByKey: true });
    const point = cursor?.at(index);
    if (!point || !anchor.current) return;
    anchor.current.style.translate = `${point.x}px ${point.y}px`;
    anchor.current.scrollIntoView({ block: "nearest", inline: "nearest" });
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (!cursor || cursor.count === 0 || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Escape" && chosen) {
      setChosen(null);
      return;
    }
    const direction = DIRECTIONS[event.key];
    if (!direction) return;
    event.preventDefault();
    moveTo(active === null ? 0 : cursor.move(active, direction));
  };

  return (
    <div className="relative">
      {/* biome-ignore-start lint/a11y/noNoninteractiveTabindex: one stop for keys, which then move between the marks. */}
      <div
        ref={box}
        role="application"
        aria-roledescription="plot"
        aria-label={label}
        aria-describedby={hintId}
        tabIndex={0}
        onKeyDown={onKeyDown}
        onFocus={(event) => {
          if (event.currentTarget.matches(":focus-visible") && !chosen && cursor?.count) moveTo(0);
        }}
        onBlur={() => setChosen(null)}
        onScroll={(event) => setScrolledBy(event.currentTarget.scrollLeft)}
        className="overflow-x-auto overflow-y-hidden rounded-sm"
        style={layout ? undefined : { height: heightAtFirst }}
      >
        {/* biome-ignore-end lint/a11y/noNoninteractiveTabindex: as above. */}
        {layout && (
          <div
            className="relative grid"
            style={{ width: layout.width }}
            onPointerMove={onPointer}
            onPointerDown={onPointer}
            onPointerLeave={(event) => {
              if (event.pointerType === "mouse") setChosen(null);
            }}
          >
            <div className={clsx("col-start-1 row-start-1", Overlay && "will-change-transform")}>
              <Drawing layout={layout} active={Overlay ? null : active} />
            </div>
            {Overlay && active !== null && (
              <div className="pointer-events-none z-1 col-start-1 row-start-1">
                <Overlay layout={layout} active={active} />
              </div>
            )}
            {Heads && width !== null && layout.width > width && (
              <div className="sticky left-0 z-2 col-start-1 row-start-1 w-fit">
                <Heads layout={layout} active={active} />
              </div>
            )}
            <span ref={anchor} className="absolute top-0 left-0 size-px" />
          </div>
        )}
      </div>
      <p id={hintId} hidden>
        Arrow keys move {moves}, Escape puts the words away.
      </p>
      <p aria-live="polite" className="sr-only">
        {chosen?.isByKey && tip && sayTip(tip)}
      </p>
      {tip && layout && width !== null && active !== null && (
        <PlotTipView tip={tip} point={layout.cursor.at(active)} {...{ width, scrolledBy }} />
      )}
    </div>
  );
}

function sayTip(tip: ReturnType<PlotLayout["cursor"]["tip"]>): string {
  return [tip.title, ...tip.lines.map(([label, value]) => `${label} ${value}`)].join(", ");
}
