"use client";

import clsx from "clsx";
import { type MouseEvent, useEffect, useRef } from "react";
import { type BoardAddress, boardHref } from "@/components/board/board-address";
import { CATEGORY_LABELS } from "@/components/board/board-labels";
import { CATEGORIES, type Category } from "@/lib/protocol/board-key";
import type { Go } from "./use-board-address";

export type CategoryLinksProps = { address: BoardAddress; go: Go };

/** What is seen of the next one, so that the line is seen to go on. */
const EDGE = 48;

/** Real addresses, which open in a new tab too; a plain click keeps the page and what is open in it. */
export function CategoryLinks({ address, go }: CategoryLinksProps) {
  const current = address.key.category;
  const list = useRef<HTMLUListElement>(null);
  // On a phone the line is longer than the screen, and a shared link may lead to its end.
  useEffect(() => {
    const link = list.current?.querySelector<HTMLElement>("[aria-current]");
    const line = list.current?.parentElement;
    if (link && line)
      line.scrollLeft = link.offsetLeft + link.offsetWidth - line.clientWidth + EDGE;
  }, []);
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
      className="relative -mx-4 overflow-x-auto px-4 [scrollbar-width:none] sm:mx-0 sm:px-0"
    >
      <ul ref={list} className="flex w-max gap-x-5 border-b border-line sm:min-w-full">
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
