/** Goal: each day of the past belongs to one point of a history, near ones alone and far ones by weeks. */
import { expect, test } from "vitest";
import { PAST_DAYS_DAILY, PAST_WEEKS_MAX } from "@/lib/job-limits";
import { PAST_KEYS, toPastSpans } from "./past-days";

const DAY_MS = 86_400_000;

test.each([20_000, 20_001, 20_002, 20_003, 20_004, 20_005, 20_006])(
  "from day %i back there is no gap and no overlap",
  (today) => {
    const spans = toPastSpans(today);
    expect(spans[0]).toEqual({ from: today - 1, to: today - 1 });
    for (const [index, span] of spans.entries()) {
      const next = spans[index + 1];
      if (next) expect(next.to).toBe(span.from - 1);
    }
    expect(spans.length).toBeLessThanOrEqual(PAST_DAYS_DAILY + PAST_WEEKS_MAX + 1);
    const weeks = spans.filter(({ from, to }) => to - from === 6);
    expect(weeks).toHaveLength(PAST_WEEKS_MAX);
    for (const { to } of weeks) expect(new Date(to * DAY_MS).getUTCDay()).toBe(0);
  },
);

test("the first days since 1970 have no day before them", () => {
  expect(toPastSpans(3)).toEqual([2, 1, 0].map((day) => ({ from: day, to: day })));
  expect(PAST_KEYS).toContain("overall@all");
});
