import type { USAGE_PERIODS } from "@/lib/db/schema/usage";

/** Minutes, days and months in UTC, as milliseconds since 1970. */

export type Period = (typeof USAGE_PERIODS)[number];

export const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

/** When the minute, day or month of `atMs` began. */
export function startOf(period: Period, atMs: number): number {
  if (period === "minute") return atMs - (atMs % MINUTE_MS);
  if (period === "day") return atMs - (atMs % DAY_MS);
  const at = new Date(atMs);
  return Date.UTC(at.getUTCFullYear(), at.getUTCMonth());
}

/** When it ends, which is when the next one begins. */
export function endOf(period: Period, startsAtMs: number): number {
  if (period === "minute") return startsAtMs + MINUTE_MS;
  if (period === "day") return startsAtMs + DAY_MS;
  const at = new Date(startsAtMs);
  return Date.UTC(at.getUTCFullYear(), at.getUTCMonth() + 1);
}
