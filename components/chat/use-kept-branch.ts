"use client";

import { useEffect, useRef } from "react";
import type { Turn } from "./thread";
import type { Conversation } from "./use-conversation";

/** In the address after `#`: the message to which the shown path leads, where it is not the newest path. */
const MARK = "#at=";

/**
 * Keeps the chosen branch in the address, so that it outlives a reload and can be bookmarked. Without a
 * choice the address stays bare, and the newest path is shown.
 */
export function useKeptBranch(conversation: Conversation): void {
  const { turns, standing, isLoading, isReadingEarlier, client } = conversation;
  const restored = useRef<string | null>(null);
  const id = standing?.id ?? null;
  useEffect(() => {
    if (id === null || isLoading || turns.length === 0) return;
    const { hash, pathname, search } = window.location;
    if (restored.current !== id) {
      const isShown = !hash.startsWith(MARK) || client.showPath(hash.slice(MARK.length));
      // It may be in a part that is still on its way.
      if (isShown || !isReadingEarlier) restored.current = id;
      return;
    }
    const end = toChosenEnd(turns);
    const wanted = end === null ? "" : `${MARK}${end}`;
    if (hash === wanted || (wanted === "" && !hash.startsWith(MARK))) return;
    // Next keeps what it needs to go back in the state.
    window.history.replaceState(window.history.state, "", `${pathname}${search}${wanted}`);
  }, [id, isLoading, isReadingEarlier, turns, client]);
}

/** The end of a path with a choice that is not the newest; null: the path is the newest at each fork. */
function toChosenEnd(turns: readonly Turn[]): string | null {
  const isNewest = turns.every(
    ({ prompt, branches, attempts, attempt }) =>
      branches.at(-1) === prompt.id && attempts.at(-1)?.number === attempt?.number,
  );
  if (isNewest) return null;
  const last = turns.at(-1);
  return last?.attempt?.answers[0]?.id ?? last?.prompt.id ?? null;
}
