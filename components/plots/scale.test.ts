import { describe, expect, test } from "vitest";
import { dayScale, formatFullDay, linearScale, logScale, niceStep, toFullDay } from "./scale";

const range = [0, 100] as const;
const plain = { range, tickCountMax: 6, format: String };
const labels = (scale: { ticks: readonly { label: string }[] }) =>
  scale.ticks.map((it) => it.label);

test("steps are 1, 2 or 5 times a power of ten, and no more of them than asked for", () => {
  expect(niceStep(100, 5)).toBe(20);
  expect(niceStep(101, 5)).toBe(50);
  expect(niceStep(0.3, 4)).toBeCloseTo(0.1, 12);
  expect(niceStep(7, 1)).toBe(10);
});

describe("a linear scale", () => {
  test("gives ends a little room and prints round values between them", () => {
    const scale = linearScale({ ...plain, domain: [812, 1_188] });
    expect(labels(scale)).toEqual(["900", "1000", "1100"]);
    expect(scale.at(812)).toBeGreaterThan(0);
    expect(scale.at(1_188)).toBeLessThan(100);
    expect(scale.at(1_000)).toBe(50);
  });

  test("turns around where its range does", () => {
    const scale = linearScale({ ...plain, domain: [0, 10], range: [300, 0] });
    expect(scale.at(10)).toBeLessThan(scale.at(0));
  });

  test("of a single value puts it into the middle", () => {
    const scale = linearScale({ ...plain, domain: [1_000, 1_000] });
    expect(scale.at(1_000)).toBe(50);
    expect(Number.isFinite(scale.at(1_010))).toBe(true);
  });

  test("has no dust in its ticks", () => {
    const scale = linearScale({ ...plain, domain: [0, 0.7], tickCountMax: 9 });
    expect(labels(scale)).toEqual(["0", "0.1", "0.2", "0.3", "0.4", "0.5", "0.6", "0.7"]);
  });
});

describe("a logarithmic scale", () => {
  test("stands as far apart as ratios are", () => {
    const scale = logScale({ ...plain, domain: [0.1, 10] });
    expect(scale.at(1) - scale.at(0.1)).toBeCloseTo(scale.at(10) - scale.at(1), 1);
    expect(labels(scale)).toEqual(["0.1", "0.3", "1", "3", "10"]);
  });

  test("prints 1, 2 and 5 where there is room, and fewer over many decades", () => {
    expect(labels(logScale({ ...plain, domain: [1, 10], tickCountMax: 9 }))).toEqual([
      ...["1", "2", "5", "10"],
    ]);
    const wide = logScale({ ...plain, domain: [1e-6, 1e6], tickCountMax: 5 });
    expect(wide.ticks.map((it) => it.value)).toEqual([1e-6, 1e-3, 1, 1e3, 1e6]);
  });

  test("of a single value has it in the middle", () => {
    expect(logScale({ ...plain, domain: [3, 3] }).at(3)).toBeCloseTo(50, 1);
  });
});

describe("a scale of days", () => {
  const day = (text: string) => Date.parse(`${text}T00:00:00Z`);
  const of = (from: string, to: string, tickCountMax = 7) =>
    labels(dayScale({ domain: [day(from), day(to)], range, tickCountMax }));

  test("prints days of a week, counted from the newest one", () => {
    expect(of("2026-11-19", "2026-11-21")).toEqual(["19 Nov", "20 Nov", "21 Nov"]);
    expect(of("2026-11-08", "2026-11-21", 4)).toEqual(["14 Nov", "21 Nov"]);
  });

  test("prints months of a year and years of many", () => {
    expect(of("2026-08-20", "2026-11-21", 5)).toEqual(["Sep 2026", "Oct 2026", "Nov 2026"]);
    expect(of("2019-05-01", "2026-11-21")).toEqual(["2020", "2022", "2024", "2026"]);
  });

  test("of one day stands in the middle", () => {
    const ms = day("2026-11-21");
    const scale = dayScale({ domain: [ms, ms], range, tickCountMax: 5 });
    expect(scale.at(ms)).toBe(50);
    // The day after is yet to come.
    expect(labels(scale)).toEqual(["21 Nov"]);
  });

  test("days are those of UTC, wherever the reader is", () => {
    expect(formatFullDay(Date.UTC(2026, 10, 21, 23, 59))).toBe("21 Nov 2026");
    expect(toFullDay("2026-01-01")).toBe("1 Jan 2026");
  });
});
