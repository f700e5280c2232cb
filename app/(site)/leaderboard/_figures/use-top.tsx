"use client";

import type { ReactNode } from "react";
import { countOf } from "@/components/format";
import { Button } from "@/components/ui/button";
import { useNarrow } from "@/components/use-narrow";
import type { FigureBoard } from "./figure-board";

export type Top<Item> = {
  shown: readonly Item[];
  /** Null where all are shown anyway. */
  more: ReactNode;
};

export type TopCounts = { desk: number; phone: number };

/** The first of many, and all of them on request. */
export function useTop<Item>(
  items: readonly Item[],
  { desk, phone }: TopCounts,
  { choices: { isAll }, choose }: Pick<FigureBoard, "choices" | "choose">,
): Top<Item> {
  const countMax = useNarrow() ? phone : desk;
  if (items.length <= countMax) return { shown: items, more: null };
  return {
    shown: isAll ? items : items.slice(0, countMax),
    more: (
      <Button size="small" aria-pressed={isAll} onClick={() => choose({ isAll: !isAll })}>
        {isAll ? `Show the best ${countMax}` : `Show all ${countOf(items.length, "model")}`}
      </Button>
    ),
  };
}
