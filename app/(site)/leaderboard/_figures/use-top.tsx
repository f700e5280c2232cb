"use client";

import { type ReactNode, useState } from "react";
import { countOf } from "@/components/format";
import { Button } from "@/components/ui/button";
import { useNarrow } from "@/components/use-narrow";

export type Top<Item> = {
  shown: readonly Item[];
  /** Null where all are shown anyway. */
  more: ReactNode;
};

export type TopCounts = { desk: number; phone: number };

/** The first of many, and all of them on request. */
export function useTop<Item>(items: readonly Item[], { desk, phone }: TopCounts): Top<Item> {
  const [isAll, setAll] = useState(false);
  const countMax = useNarrow() ? phone : desk;
  if (items.length <= countMax) return { shown: items, more: null };
  return {
    shown: isAll ? items : items.slice(0, countMax),
    more: (
      <Button size="small" aria-pressed={isAll} onClick={() => setAll((it) => !it)}>
        {isAll ? `Show the best ${countMax}` : `Show all ${countOf(items.length, "model")}`}
      </Button>
    ),
  };
}
