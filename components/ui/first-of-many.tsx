"use client";

import { type ReactNode, useState } from "react";
import { countOf, formatCount } from "../format";
import { useHeldFocus } from "../use-held-focus";
import { Button } from "./button";

export type FirstOfManyProps<Item> = {
  items: readonly Item[];
  /** So many are drawn at first, and so many more on each demand. */
  count: number;
  /** What one of them is called: "model". */
  what: string;
  children: (items: readonly Item[]) => ReactNode;
};

/** A long list, drawn in parts: a thousand models are 45,000 elements, which a browser takes seconds for. */
export function FirstOfMany<Item>({ items, count, what, children }: FirstOfManyProps<Item>) {
  const [shown, setShown] = useState(count);
  const held = useHeldFocus<HTMLDivElement>();
  const left = items.length - shown;
  return (
    <div ref={held} tabIndex={-1} className="outline-offset-8">
      {children(items.slice(0, shown))}
      {left > 0 && (
        <Button className="mt-6" onClick={() => setShown(shown + count)}>
          {left > count
            ? `Show ${formatCount(count)} of the other ${countOf(left, what)}`
            : `Show the other ${countOf(left, what)}`}
        </Button>
      )}
    </div>
  );
}
