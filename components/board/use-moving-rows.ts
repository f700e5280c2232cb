"use client";

import { type RefObject, useLayoutEffect, useRef } from "react";

const MOVE_MS = 240;
/** A table longer than this is not watched: nobody can follow so many rows, and reading their places costs. */
const ROWS_MAX = 400;

/**
 * Rows that a new board puts elsewhere travel there. A row is told by its `data-row`; what the reader moves
 * by sorting or searching appears at once, since they know why.
 *
 * @param version changes when the board does
 */
export function useMovingRows(body: RefObject<HTMLElement | null>, version: string): void {
  const last = useRef<{ version: string; tops: Map<string, number> } | null>(null);
  useLayoutEffect(() => {
    const rows = [...(body.current?.querySelectorAll<HTMLElement>("[data-row]") ?? [])];
    if (rows.length > ROWS_MAX) return;
    const before = last.current;
    // Layout places, so that a row on its way counts as arrived.
    const tops = new Map(rows.map((row) => [row.dataset.row ?? "", row.offsetTop]));
    last.current = { version, tops };
    if (before === null || before.version === version) return;
    if (window.matchMedia("(prefers-reduced-motion: reduce)").matches) return;
    for (const row of rows) {
      const from = before.tops.get(row.dataset.row ?? "");
      const moved = from === undefined ? 0 : from - row.offsetTop;
      const frames =
        from === undefined
          ? [{ opacity: 0 }, { opacity: 1 }]
          : [{ transform: `translateY(${moved}px)` }, { transform: "none" }];
      if (from === undefined || moved !== 0) {
        row.animate(frames, { duration: MOVE_MS, easing: "cubic-bezier(0.2, 0.7, 0.2, 1)" });
      }
    }
  });
}
