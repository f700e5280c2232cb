"use client";

import { useEffect, useRef } from "react";
import { countOf } from "@/components/format";
import { boardKeyText } from "@/lib/protocol/board-key";
import type { BoardView } from "@/lib/protocol/board-view";

/** At most one sentence in so long: votes may come every second, and a reader is in the middle of something. */
const NEWS_MS_MIN = 30_000;

type Told = { key: string; fingerprint: string; leader: string | undefined; atMs: number };

/** Says now and then that the live board has changed, and who leads it since it was last told of. */
export function useBoardNews(view: BoardView | undefined, announce: (sentence: string) => void) {
  const told = useRef<Told | null>(null);
  useEffect(() => {
    if (view === undefined) return;
    const before = told.current;
    const leader = view.rows.find((row) => row.rank === 1)?.model;
    const now = { key: boardKeyText(view.key), fingerprint: view.fingerprint, leader };
    if (before?.key !== now.key) {
      // Another board: its first sight is no news.
      told.current = { ...now, atMs: Number.NEGATIVE_INFINITY };
      return;
    }
    if (before.fingerprint === now.fingerprint) return;
    const hasNewLeader = leader !== undefined && leader !== before.leader;
    const timer = setTimeout(
      () => {
        told.current = { ...now, atMs: performance.now() };
        announce(
          `The board was updated: ${countOf(view.voteCount, "vote")}.${hasNewLeader ? ` ${leader} now leads.` : ""}`,
        );
      },
      Math.max(0, before.atMs + NEWS_MS_MIN - performance.now()),
    );
    return () => clearTimeout(timer);
  }, [view, announce]);
}
