import { describe, expect, test } from "vitest";
import { divergingColor, divergingStep, sequentialStep } from "./heat-colors";
import { toHeatLayout } from "./heat-layout";
import { spread, toHistoryLayout } from "./history-layout";
import { findNearest, moveAmong, moveInGrid, moveInList, shorten } from "./plot-layout";
import { toHistoryTable } from "./rating-over-time";

describe("keys", () => {
  test("lead along a list and hold at its ends", () => {
    const move = moveInList(3);
    expect([move(0, "down"), move(2, "right"), move(0, "up"), move(1, "last")]).toEqual([
      1, 2, 0, 2,
    ]);
  });

  test("lead through rows and columns", () => {
    const move = moveInGrid(2, 3);
    expect(move(0, "down")).toBe(3);
    expect(move(3, "down")).toBe(3);
    expect(move(2, "right")).toBe(2);
    expect(move(4, "first")).toBe(3);
    expect(move(1, "last")).toBe(2);
  });

  test("lead from point to point by where they stand", () => {
    const points = [
      { x: 50, y: 10 },
      { x: 10, y: 90 },
      { x: 90, y: 40 },
    ];
    const move = moveAmong(points);
    expect(move(1, "right")).toBe(0);
    expect(move(0, "right")).toBe(2);
    expect(move(1, "up")).toBe(2);
    expect(move(0, "up")).toBe(0);
    expect(findNearest(points, 20)(12, 88)).toBe(1);
    expect(findNearest(points, 20)(50, 60)).toBeNull();
  });
});

test("a long name loses its maker first", () => {
  expect(shorten("maker/model-7b", 20)).toBe("maker/model-7b");
  expect(shorten("maker/model-7b", 10)).toBe("model-7b");
  expect(shorten("maker/model-7b-instruct", 10)).toBe("model-7b-…");
  expect(shorten("maker/", 4)).toBe("mak…");
});

describe("a heat map", () => {
  const make = (count: number, width: number) =>
    toHeatLayout({
      ...{ models: Array.from({ length: count }, (_, index) => `model-${index}`), width },
      cell: (row, column) => ({ step: row - column, text: "", isFaint: false }),
      tip: (row, column) => ({ title: `${row}:${column}`, lines: [] }),
    });

  test("fits a desk with ten models and with two hundred, a phone with eight", () => {
    expect(make(10, 1_200).look).toEqual({
      ...{ hasNumbers: true, hasNames: true, hasHeads: "names" },
    });
    const many = make(200, 1_200);
    expect(many.width).toBe(1_200);
    expect(many.look).toEqual({ hasNumbers: false, hasNames: false, hasHeads: "none" });
    const phone = make(8, 358);
    expect(phone.width).toBe(358);
    expect(phone.look.hasNumbers).toBe(true);
  });

  test("scrolls on a phone rather than shrinking under what a finger hits", () => {
    const layout = make(40, 358);
    expect(layout.side).toBeGreaterThanOrEqual(12);
    expect(layout.width).toBeGreaterThan(358);
  });

  test("finds the cell that it says something of", () => {
    const { cursor } = make(12, 900);
    for (const index of [0, 5, 77, 143]) {
      const { x, y } = cursor.at(index);
      expect(cursor.find(x, y)).toBe(index);
      expect(cursor.tip(index).title).toBe(`${Math.floor(index / 12)}:${index % 12}`);
    }
    expect(cursor.find(0, 0)).toBeNull();
  });
});

test("colours have a neutral middle, and little is never drawn as nothing", () => {
  expect([0, 0.5, 1].map(divergingStep)).toEqual([-10, 0, 10]);
  expect(divergingColor(0, true)).toBe("var(--color-paper)");
  expect(divergingColor(10, true)).toContain("var(--color-a) 62.0%");
  expect(divergingColor(-10, false)).toContain("var(--color-b) 100.0%");
  expect([0, 1, 25, 10_000].map((it) => sequentialStep(it, 10_000))).toEqual([0, 1, 1, 10]);
});

describe("scores over time", () => {
  const point = (rating: number) => ({ rating, lower: rating - 10, upper: rating + 10 });
  const history = {
    days: ["2026-11-18", "2026-11-19", "2026-11-20", "2026-11-21"],
    models: [
      { model: "one", points: [point(1_000), point(1_010), null, point(1_020)] },
      { model: "two", points: [null, point(990), point(1_000), point(1_021)] },
    ],
  };

  test("leaves a gap where a day has no score", () => {
    const layout = toHistoryLayout(history, 800);
    const [one, two] = layout?.lines ?? [];
    expect(one?.paths.map((it) => it.isSingle)).toEqual([false, true]);
    expect(two?.paths.map((it) => it.isSingle)).toEqual([false]);
    expect(layout?.points).toHaveLength(6);
  });

  test("keeps names at the ends of lines apart", () => {
    const layout = toHistoryLayout(history, 800);
    const [one, two] = layout?.lines.map((it) => it.label.y) ?? [];
    expect(Math.abs((one ?? 0) - (two ?? 0))).toBeGreaterThanOrEqual(16);
    expect(spread([50, 51, 52], { gap: 10, top: 0, bottom: 60 })).toEqual([40, 50, 60]);
  });

  test("is read by keys along days and across models", () => {
    const cursor = toHistoryLayout(history, 800)?.cursor;
    const title = (index = -1) => `${cursor?.tip(index).title} ${cursor?.tip(index).lines[0]?.[1]}`;
    expect(title(0)).toBe("one 18 Nov 2026");
    expect(title(cursor?.move(0, "right"))).toBe("one 19 Nov 2026");
    expect(title(cursor?.move(1, "right"))).toBe("one 21 Nov 2026");
    expect(title(cursor?.move(0, "down"))).toBe("two 19 Nov 2026");
    expect(title(cursor?.move(0, "last"))).toBe("one 21 Nov 2026");
  });

  test("has nothing to lay out without a score", () => {
    const none = { days: ["2026-11-21"], models: [{ model: "one", points: [null] }] };
    expect(toHistoryLayout(none, 800)).toBeUndefined();
    expect(toHistoryLayout({ days: [], models: [] }, 800)).toBeUndefined();
  });

  test("its table has a row for each day", () => {
    const { columns, rows } = toHistoryTable(history);
    expect(columns.map((it) => it.label).slice(0, 4)).toEqual([
      ...["Day (UTC)", "one score", "one lower", "one upper"],
    ]);
    expect(rows[0]).toEqual(["2026-11-18", 1_000, 990, 1_010, null, null, null]);
  });
});
