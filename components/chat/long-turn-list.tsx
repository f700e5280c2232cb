"use client";

import { useWindowVirtualizer } from "@tanstack/react-virtual";
import { useCallback, useLayoutEffect, useRef, useState } from "react";
import { FindBar } from "./find-bar";
import type { Turn } from "./thread";
import { TurnRow, type TurnRowProps } from "./turn-row";

/** A short question and a paragraph; measured as soon as a turn is drawn. */
const TURN_HEIGHT_PX = 280;
const GAP_PX = 48;
/** Turns drawn beyond each edge of the window. */
const OVERSCAN = 4;

export type LongTurnListProps = Pick<TurnRowProps, "renderTurn"> & {
  turns: readonly Turn[];
  isReadingEarlier: boolean;
};

/** Thousands of turns of which only those near the window are in the page; the rest is found by its own search. */
export function LongTurnList({ turns, renderTurn, isReadingEarlier }: LongTurnListProps) {
  const list = useRef<HTMLDivElement>(null);
  const [top, setTop] = useState(0);
  const virtualizer = useWindowVirtualizer<HTMLElement>({
    count: turns.length,
    estimateSize: () => TURN_HEIGHT_PX,
    getItemKey: useCallback((index: number) => turns[index]?.prompt.id ?? index, [turns]),
    overscan: OVERSCAN,
    gap: GAP_PX,
    scrollMargin: top,
    // Earlier turns that come in above leave what is looked at in its place.
    anchorTo: "end",
  });
  // biome-ignore lint/correctness/useExhaustiveDependencies: what stands above the list changes with its turns.
  useLayoutEffect(() => {
    const place = list.current?.getBoundingClientRect().top ?? 0;
    setTop(place + window.scrollY);
  }, [turns.length]);
  useLayoutEffect(() => {
    // A long chat opens at its end, where it goes on.
    virtualizer.scrollToIndex(virtualizer.options.count - 1, { align: "end" });
  }, [virtualizer]);
  const show = useCallback(
    (index: number) => virtualizer.scrollToIndex(index, { align: "center" }),
    [virtualizer],
  );
  return (
    <div ref={list}>
      <FindBar turns={turns} isReadingEarlier={isReadingEarlier} onShow={show} />
      <div
        role="feed"
        aria-label={`${turns.length} questions`}
        className="relative"
        style={{ height: virtualizer.getTotalSize() }}
      >
        {virtualizer.getVirtualItems().map(({ key, index, start }) => {
          const turn = turns[index];
          if (!turn) return null;
          return (
            <article
              key={key}
              ref={virtualizer.measureElement}
              data-index={index}
              aria-label={`Turn ${index + 1}`}
              aria-posinset={index + 1}
              aria-setsize={turns.length}
              className="absolute inset-x-0 top-0"
              style={{ transform: `translateY(${start - virtualizer.options.scrollMargin}px)` }}
            >
              <TurnRow turn={turn} number={index + 1} renderTurn={renderTurn} />
            </article>
          );
        })}
      </div>
    </div>
  );
}
