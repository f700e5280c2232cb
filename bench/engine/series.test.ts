import { expect, test } from "vitest";
import { Series } from "./series";

test("medians of the rounds, apart by part, name and detail", () => {
  const series = new Series();
  for (const speed of [30, 10, 20]) {
    series.add({ part: "decode", who: "a", detail: 8 }, { speed });
    series.add({ part: "decode", who: "b", detail: 8 }, { speed: speed + 1 });
  }
  series.add({ part: "decode", who: "a", detail: 1 }, { speed: 99 });
  expect(series.median({ part: "decode", who: "a", detail: 8 }, "speed")).toBe(20);
  expect(series.median({ part: "decode", who: "a" }, "speed")).toBeNaN();
  expect(series.best(["a", "b", "c"], "decode", "speed", 8)).toEqual({ who: "b", value: 21 });
  expect(series.best(["c"], "decode", "speed", 8)).toBeUndefined();
});
