"use client";

import { Tabs } from "radix-ui";
import { type ComponentType, useEffect, useMemo, useRef, useState } from "react";
import { boardLabel } from "@/components/board/board-labels";
import { countOf } from "@/components/format";
import { toRatedRows } from "@/components/plots/rated-rows";
import { moveAddress, useAddressHash } from "@/components/use-address-text";
import { AverageFigure } from "./average-figure";
import {
  FIGURE_IDS,
  FIRST_FIGURE,
  type FigureChoices,
  type FigureId,
  figureHash,
  readFigureHash,
} from "./figure-address";
import type { FigureBoard } from "./figure-board";
import type { FiguresProps } from "./figures";
import { HistoryFigure } from "./history-figure";
import { IntervalFigure } from "./interval-figure";
import { BattleCountFigure, WinRateFigure } from "./pair-figures";
import { TradeFigure } from "./trade-figure";

const FIGURES: Record<FigureId, { label: string; Figure: ComponentType<FigureBoard> }> = {
  scores: { label: "Scores", Figure: IntervalFigure },
  "win-rates": { label: "Win rates", Figure: WinRateFigure },
  battles: { label: "Battles", Figure: BattleCountFigure },
  average: { label: "Average", Figure: AverageFigure },
  trade: { label: "Price and speed", Figure: TradeFigure },
  history: { label: "Over time", Figure: HistoryFigure },
};

/** One figure at a time; which one, and what was chosen of it, is part of the address, so that a link shows it. */
export function FigureGallery({ boardKey, rows, fingerprint }: FiguresProps) {
  const rated = useMemo(() => toRatedRows(rows), [rows]);
  const { choices, choose } = useFigureAddress();
  const shown = choices.figure;
  const tabs = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (location.hash.startsWith("#figures")) {
      tabs.current?.scrollIntoView({ block: "start" });
    }
  }, []);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another tab may stand beyond the edge of a phone.
  useEffect(() => {
    const tab = tabs.current?.querySelector<HTMLElement>('[role="tab"][data-state="active"]');
    const list = tab?.parentElement;
    if (list) list.scrollLeft = tab.offsetLeft + tab.offsetWidth / 2 - list.clientWidth / 2;
  }, [shown]);
  const show = (id: string) => {
    const figure = FIGURE_IDS.find((it) => it === id);
    if (figure !== undefined) choose({ figure });
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
  const board = { boardKey, fingerprint, rated, source: boardLabel(boardKey), choices, choose };
  return (
    <div ref={tabs} className="scroll-mt-32">
      <Tabs.Root value={shown} onValueChange={show}>
        <Tabs.List
          aria-label="Pictures of the board"
          className="relative -mx-4 mb-8 flex gap-x-4 overflow-x-auto border-b border-line px-4 sm:mx-0 sm:px-0"
        >
          {FIGURE_IDS.map((id) => (
            <Tabs.Trigger
              key={id}
              value={id}
              className="-mb-px h-11 shrink-0 border-b-2 px-1 border-transparent text-sm text-ink-soft transition-colors duration-120 ease-out -outline-offset-2 hover:text-ink data-[state=active]:border-ink data-[state=active]:font-medium data-[state=active]:text-ink"
            >
              {FIGURES[id].label}
            </Tabs.Trigger>
          ))}
        </Tabs.List>
        {FIGURE_IDS.map((id) => {
          const { Figure } = FIGURES[id];
          return (
            <Tabs.Content key={id} value={id} tabIndex={-1}>
              <Figure {...board} />
            </Tabs.Content>
          );
        })}
      </Tabs.Root>
      {unrated > 0 && (
        <p className="numeric mt-6 text-sm text-ink-soft">
          {countOf(unrated, "model")} without a score {unrated === 1 ? "is" : "are"} left out.
        </p>
      )}
    </div>
  );
}

/** The address is where choices are. A link to another place of the page leaves them as they were last. */
function useFigureAddress(): Pick<FigureBoard, "choices" | "choose"> {
  const hash = useAddressHash();
  const told = useMemo(() => readFigureHash(hash), [hash]);
  const [last, setLast] = useState(told ?? FIRST_FIGURE);
  if (told !== undefined && told !== last) setLast(told);
  const choices = told ?? last;
  const choose = (change: Partial<FigureChoices>) => {
    const { pathname, search } = window.location;
    moveAddress(`${pathname}${search}${figureHash({ ...choices, ...change })}`, "replace");
  };
  return { choices, choose };
}
