"use client";

import { usePathname, useSearchParams } from "next/navigation";
import { useEffect, useMemo } from "react";
import {
  type BoardAddress,
  boardHref,
  type ReadAddress,
  readBoardAddress,
} from "@/components/board/board-address";

const readPath = (pathname: string): string | undefined => pathname.split("/")[2];

export type Go = (change: Partial<BoardAddress>, how?: "push" | "replace") => void;

/**
 * What the address says, and the way to change it. The address is the one place where the state of the page
 * is: back and forward lead through it, and a copied link shows the same. Next's router hears of changes
 * made through `history`, and asks the server for nothing.
 */
export function useBoardAddress(): ReadAddress & { go: Go } {
  const pathname = usePathname();
  const parameters = useSearchParams();
  const read = useMemo(
    () => readBoardAddress(readPath(pathname), new URLSearchParams(parameters)),
    [pathname, parameters],
  );
  useEarlySteps(`${pathname}?${parameters}`);
  return { ...read, go };
}

/**
 * Somebody who goes back before the page is awake changes an address that the router has read already, and
 * hears nothing of it: it is told once.
 */
function useEarlySteps(drawn: string): void {
  // biome-ignore lint/correctness/useExhaustiveDependencies: of the first drawing alone; later steps are heard.
  useEffect(() => {
    const timer = setTimeout(() => {
      const { pathname, search, href } = window.location;
      if (`${pathname}?${new URLSearchParams(search)}` === drawn) return;
      window.history.replaceState(null, "", href);
    });
    return () => clearTimeout(timer);
  }, []);
}

/** From where the address is now, which may be one change ahead of what was drawn. */
function go(change: Partial<BoardAddress>, how: "push" | "replace" = "push"): void {
  const { pathname, search, hash } = window.location;
  const { address } = readBoardAddress(readPath(pathname), new URLSearchParams(search));
  const href = `${boardHref({ ...address, ...change })}${hash}`;
  if (href === `${pathname}${search}${hash}`) return;
  if (how === "push") window.history.pushState(null, "", href);
  else window.history.replaceState(null, "", href);
}
