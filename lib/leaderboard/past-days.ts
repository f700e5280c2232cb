import { PAST_DAYS_DAILY, PAST_WEEKS_MAX } from "@/lib/job-limits";
import { type BoardKey, boardKeyText, CATEGORIES, OVERALL } from "@/lib/protocol/board-key";

/** Days since 1970, UTC, both included. A board of a span's past is that of all votes up to its last day. */
export type PastSpan = { from: number; to: number };

/** 1 January 1970 was a Thursday: the days that are 3 (mod 7) are Sundays. */
const SUNDAY = 3;

/**
 * The spans of the past that a history has a point of, the newest first: each of the last days, and further back
 * each week, of which the last day stands for all. Today is still to be written.
 */
export function toPastSpans(today: number): PastSpan[] {
  const spans: PastSpan[] = [];
  let to = today - 1;
  for (; to >= today - PAST_DAYS_DAILY; to--) spans.push({ from: to, to });
  // The rest of the week that the last of these days is in.
  const rest = (to - SUNDAY + 7) % 7;
  if (rest > 0) spans.push({ from: to - rest + 1, to });
  to -= rest;
  for (let week = 0; week < PAST_WEEKS_MAX; week++, to -= 7) spans.push({ from: to - 6, to });
  return spans.filter((span) => span.to >= 0);
}

/**
 * Boards with a past of votes that were moved in: the overall one with and without style control, and each
 * category. Languages and styled categories begin with the day on which they were first computed.
 */
export const PAST_KEYS: readonly string[] = [
  ...CATEGORIES.map((category): BoardKey => ({ ...OVERALL, category })),
  { ...OVERALL, style: true },
].map(boardKeyText);
