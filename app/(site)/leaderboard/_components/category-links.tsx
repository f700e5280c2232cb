"use client";

import clsx from "clsx";
import type { MouseEvent } from "react";
import { type BoardAddress, boardHref } from "@/components/board/board-address";
import { CATEGORY_LABELS } from "@/components/board/board-labels";
import { CATEGORIES, type Category } from "@/lib/protocol/board-key";
import type { Go } from "./use-board-address";

export type CategoryLinksProps = { address: BoardAddress; go: Go };

/** Real addresses, which open in a new tab too; a plain click keeps the page and what is open in it. */
export function CategoryLinks({ address, go }: CategoryLinksProps) {
  const current = address.key.category;
  const onClick = (event: MouseEvent, category: Category) => {
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey || event.button !== 0) {
      return;
    }
    event.preventDefault();
    go({ key: { ...address.key, category } });
  };
  return (
    <nav
      aria-label="Categories"
      className="-mx-4 overflow-x-auto px-4 [scrollbar-width:none] sm:mx-0 sm:px-0"
    >
      <ul className="flex w-max gap-x-5 border-b border-line sm:min-w-full">
        {CATEGORIES.map((category) => (
          <li key={category}>
            <a
              href={boardHref({ ...address, key: { ...address.key, category } })}
              aria-current={category === current ? "page" : undefined}
              onClick={(event) => onClick(event, category)}
              className={clsx(
                "relative flex min-h-11 items-center text-sm whitespace-nowrap -outline-offset-2 transition-colors duration-120",
                category === current
                  ? "text-ink after:absolute after:inset-x-0 after:-bottom-px after:h-0.5 after:bg-ink"
                  : "text-ink-soft hover:text-ink",
              )}
            >
              {CATEGORY_LABELS[category]}
            </a>
          </li>
        ))}
      </ul>
    </nav>
  );
}
