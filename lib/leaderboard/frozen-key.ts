import type { BoardKey } from "@/lib/protocol/board-key";

const DAY_MS = 86_400_000;

/** The same board with the days that its period means at `now`: `30d` is today (UTC) and the 29 days before. */
export function toFrozenKey(key: BoardKey, now: Date): BoardKey {
  const days = /^(\d+)d$/.exec(key.period)?.[1];
  if (days === undefined) return key;
  const dayOf = (ms: number) => new Date(ms).toISOString().slice(0, 10);
  const from = dayOf(now.getTime() - (Number(days) - 1) * DAY_MS);
  return { ...key, period: `${from}..${dayOf(now.getTime())}` };
}
