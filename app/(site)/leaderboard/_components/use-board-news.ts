"use client";

import { useEffect, useRef } from "react";
import { countOf } from "@/components/format";
import { boardKeyText } from "@/lib/protocol/board-key";
import type { BoardView } from "@/lib/protocol/board-view";

/** At most one sentence in so long: votes may come every second, and a reader is in the middle of something. */
const NEWS_MS_MIN = 30_000;

type Seen = { key: string; fingerprint: string; leader: string | undefined };

/** Says now and then that the live board has changed, and who leads it since. */
export function useBoardNews(view: BoardView | undefined, announce: (sentence: string) => void) {
  const seen = useRef<Seen | null>(null);
  const toldMs = useRef(0);
  useEffect(() => {
    if (view === undefined) return;
    const leader = view.rows.find((row) => row.rank === 1)?.model;
    const now: Seen = { key: boardKeyText(view.key), fingerprint: view.fingerprint, leader };
    const before = seen.current;
    if (before?.key === now.key && before.fingerprint === now.fingerprint) return;
    // What was not told stays to be told: `seen` moves on only when the reader has heard.
    if (before?.key === now.key && Date.now() - toldMs.current < NEWS_MS_MIN) return;
    seen.current = now;
    if (before?.key !== now.key) return;
    toldMs.current = Date.now();
    const hasNewLeader = leader !== undefined && leader !== before.leader;
    announce(
      `The board was updated: ${countOf(view.voteCount, "vote")}.${hasNewLeader ? ` ${leader} now leads.` : ""}`,
    );
  }, [view, announce]);
}
