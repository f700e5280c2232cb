import {
  PAGE_REFRESH_INTERVAL_SHORT_MS,
  PAGE_SETTLE_ATTEMPTS_MAX,
  PAGE_SETTLE_INTERVAL_MS,
} from "@/lib/limits";
import type { MessageView } from "@/lib/protocol/arena-view";
import { isAnyStreaming } from "./turn-reducer";

export type SettleOptions = {
  /** The conversation as the server holds it; null where there is none to ask for. */
  load: () => Promise<MessageView[] | null>;
  show: (messages: MessageView[]) => void;
  /** Aborts when the reader goes on to something else. */
  signal: AbortSignal;
};

/**
 * Asks the server what it kept until no answer is being written any more: often at first, since a
 * stopped answer ends within moments, then seldom, since one that another tab reads may take minutes
 * and one whose process died is held for living for some seconds. A server that says nothing is given up.
 */
export async function readUntilSettled({ load, show, signal }: SettleOptions): Promise<void> {
  let misses = 0;
  for (let attempt = 0; misses < PAGE_SETTLE_ATTEMPTS_MAX; attempt++) {
    const isLate = attempt >= PAGE_SETTLE_ATTEMPTS_MAX;
    const soonMs = PAGE_SETTLE_INTERVAL_MS * (attempt === 0 ? 0.4 : 1);
    await pause(isLate ? PAGE_REFRESH_INTERVAL_SHORT_MS : soonMs);
    if (signal.aborted) return;
    // The server may be away for a moment; the next attempt asks again.
    const stored = await load().catch(() => null);
    if (signal.aborted) return;
    if (stored === null) {
      misses++;
      continue;
    }
    const isSettled = !isAnyStreaming(stored);
    // At first what the reader stopped stays stopped on the page, though the server is a moment behind.
    if (isSettled || isLate) show(stored);
    if (isSettled) return;
  }
}

const pause = (milliseconds: number) =>
  new Promise<void>((resolve) => setTimeout(resolve, milliseconds));
