"use client";

import { useMemo } from "react";
import {
  type BoardAddress,
  boardHref,
  type ReadAddress,
  readBoardAddress,
} from "@/components/board/board-address";
import { moveAddress, useAddressText } from "@/components/use-address-text";
import { paths } from "@/lib/paths";
import { isCategory } from "@/lib/protocol/board-key";

const readPath = (pathname: string): string | undefined => pathname.split("/")[2];

function isBoard(pathname: string): boolean {
  const category = readPath(pathname);
  if (category === undefined) return pathname === paths.leaderboard;
  return pathname === `${paths.leaderboard}/${category}` && isCategory(category);
}

export type Go = (change: Partial<BoardAddress>, how?: "push" | "replace") => void;

/**
 * What the address says, and the way to change it. The address is the one place where the state of the page
 * is: back and forward lead through it, and a copied link shows the same.
 */
export function useBoardAddress(): ReadAddress & { go: Go } {
  const text = useAddressText(isBoard);
  const read = useMemo(() => {
    const [pathname = "", search] = text.split("?");
    return readBoardAddress(readPath(pathname), new URLSearchParams(search));
  }, [text]);
  return { ...read, go };
}

/** From where the address is now, which may be one change ahead of what was drawn. */
function go(change: Partial<BoardAddress>, how: "push" | "replace" = "push"): void {
  const { pathname, search, hash } = window.location;
  const { address } = readBoardAddress(readPath(pathname), new URLSearchParams(search));
  const href = `${boardHref({ ...address, ...change })}${hash}`;
  if (href !== `${pathname}${search}${hash}`) moveAddress(href, how);
}
