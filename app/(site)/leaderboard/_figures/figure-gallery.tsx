"use client";

import { Tabs } from "radix-ui";
import { useEffect, useMemo, useRef, useState } from "react";
import { boardLabel } from "@/components/board/board-labels";
import { countOf } from "@/components/format";
import { toRatedRows } from "@/components/plots/rated-rows";
import { AverageFigure } from "./average-figure";
import type { FiguresProps } from "./figures";
import { HistoryFigure } from "./history-figure";
import { IntervalFigure } from "./interval-figure";
import { BattleCountFigure, WinRateFigure } from "./pair-figures";
import { TradeFigure } from "./trade-figure";

const FIGURES = [
  { id: "scores", label: "Scores", Figure: IntervalFigure },
  { id: "win-rates", label: "Win rates", Figure: WinRateFigure },
  { id: "battles", label: "Battles", Figure: BattleCountFigure },
  { id: "average", label: "Average", Figure: AverageFigure },
  { id: "trade", label: "Price and speed", Figure: TradeFigure },
  { id: "history", label: "Over time", Figure: HistoryFigure },
] as const;

const HASH = "#figures-";

/** One figure at a time; which one is part of the address, so that a link shows it. */
export function FigureGallery({ boardKey, rows, fingerprint }: FiguresProps) {
  const rated = useMemo(() => toRatedRows(rows), [rows]);
  const [shown, setShown] = useState<string>(() => readHash() ?? "scores");
  const tabs = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (location.hash.startsWith("#figures")) {
      tabs.current?.scrollIntoView({ block: "start" });
    }
    const onHash = () => setShown((now) => readHash() ?? now);
    window.addEventListener("hashchange", onHash);
    return () => window.removeEventListener("hashchange", onHash);
  }, []);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another tab may stand beyond the edge of a phone.
  useEffect(() => {
    const tab = tabs.current?.querySelector<HTMLElement>('[role="tab"][data-state="active"]');
    const list = tab?.parentElement;
    if (list) list.scrollLeft = tab.offsetLeft + tab.offsetWidth / 2 - list.clientWidth / 2;
  }, [shown]);
  const show = (id: string) => {
    setShown(id);
    history.replaceState(history.state, "", `${HASH}${id}`);
  };

  if (rated.length === 0) {
    return (
      <p className="max-w-[60ch] text-ink-soft">
        No model has a score on this board yet, so there is nothing to draw. Pictures stand here
        from the first scores on.
      </p>
    );
  }
  const unrated = rows.length - rated.length;
  const board = { boardKey, fingerprint, rated, source: boardLabel(boardKey) };
  return (
    <div ref={tabs} className="scroll-mt-32">
      <Tabs.Root value={shown} onValueChange={show}>
        <Tabs.List
          aria-label="Pictures of the board"
          className="relative -mx-4 mb-8 flex gap-x-4 overflow-x-auto border-b border-line px-4 sm:mx-0 sm:px-0"
        >
          {FIGURES.map(({ id, label }) => (
            <Tabs.Trigger
              key={id}
              value={id}
              className="-mb-px h-11 shrink-0 border-b-2 px-1 border-transparent text-sm text-ink-soft transition-colors duration-120 ease-out -outline-offset-2 hover:text-ink data-[state=active]:border-ink data-[state=active]:font-medium data-[state=active]:text-ink"
            >
              {label}
            </Tabs.Trigger>
          ))}
        </Tabs.List>
        {FIGURES.map(({ id, Figure }) => (
          <Tabs.Content key={id} value={id} tabIndex={-1}>
            <Figure {...board} />
          </Tabs.Content>
        ))}
      </Tabs.Root>
      {unrated > 0 && (
        <p className="numeric mt-6 text-sm text-ink-soft">
          {countOf(unrated, "model")} without a score {unrated === 1 ? "is" : "are"} left out.
        </p>
      )}
    </div>
  );
}

function readHash(): string | undefined {
  return FIGURES.find((it) => location.hash === `${HASH}${it.id}`)?.id;
}
