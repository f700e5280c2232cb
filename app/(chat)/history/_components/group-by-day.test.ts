/** Goal: conversations stand under the reader's own days. Method: moments around midnight. */
import { expect, test } from "vitest";
import { groupByDay } from "./group-by-day";

const item = (updatedAt: Date) => ({
  ...{ id: crypto.randomUUID(), kind: "chat" as const, title: "t", models: [], isRunning: false },
  ...{ excerpt: null, updatedAt: updatedAt.toISOString() },
});

test("today, yesterday and dates", () => {
  const now = new Date(2026, 10, 21, 14, 5);
  const days = groupByDay(
    [
      item(new Date(2026, 10, 21, 14, 0)),
      item(new Date(2026, 10, 21, 0, 0)),
      item(new Date(2026, 10, 20, 23, 59)),
      item(new Date(2026, 0, 2, 12, 0)),
      item(new Date(2025, 0, 2, 12, 0)),
    ],
    now,
  );
  expect(days.map(({ day, items }) => [day, items.length])).toEqual([
    ["Today", 2],
    ["Yesterday", 1],
    ["2 Jan 2026", 1],
    ["2 Jan 2025", 1],
  ]);
});
