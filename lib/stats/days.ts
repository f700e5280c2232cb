/** Days of UTC, as `2026-11-21`. */

const DAY_MS = 86_400_000;

export const toDay = (at: Date): string => at.toISOString().slice(0, 10);

/** @example addDays("2026-02-28", 1) // "2026-03-01" */
export const addDays = (day: string, days: number): string =>
  toDay(new Date(Date.parse(`${day}T00:00:00Z`) + days * DAY_MS));

/** From the first to the last, both included; none where the last comes before. */
export function listDays(first: string, last: string): string[] {
  const days: string[] = [];
  for (let day = first; day <= last; day = addDays(day, 1)) days.push(day);
  return days;
}

/** Ids of version 7 that were made on a day are not below `from`, and below `before`. */
export function dayIds(day: string): { from: string; before: string } {
  return { from: lowestId(day), before: lowestId(addDays(day, 1)) };
}

/** The day on which an id of version 7 was made. */
export const dayOfId = (id: string): string =>
  toDay(new Date(Number.parseInt(id.replaceAll("-", "").slice(0, 12), 16)));

function lowestId(day: string): string {
  const hex = Date.parse(`${day}T00:00:00Z`).toString(16).padStart(12, "0");
  return `${hex.slice(0, 8)}-${hex.slice(8)}-0000-0000-000000000000`;
}
