import type { SiteStats } from "@/lib/protocol/board-view";

type Day = SiteStats["days"][number];

const DAYS_MIN = 14;

const isEmpty = ({ calls, battles, votes, visitors }: Day) =>
  [calls, battles, votes, visitors].every((count) => count === 0);

/** Without the days before anything was asked, but for the last two weeks. */
export function shownDays(days: readonly Day[]): readonly Day[] {
  const first = days.findIndex((day) => !isEmpty(day));
  const from = first === -1 ? days.length : first;
  return days.slice(Math.min(from, Math.max(0, days.length - DAYS_MIN)));
}
