import { expect, test } from "vitest";
import { type Entrant, toGoals } from "./goals";
import { Series } from "./series";

const entrants: Entrant[] = [
  { name: "int4-block128", kind: "ours", isBatchInvariant: true, weights: "int4-block128" },
  { name: "int8-block128", kind: "ours", isBatchInvariant: true, weights: "int8-block128" },
  { name: "int8-dynamic", kind: "ours", isBatchInvariant: false, weights: "int8-dynamic" },
  { name: "llama-q4_0", kind: "llama", isBatchInvariant: true, weights: "Q4_0" },
  { name: "llama-q8_0", kind: "llama", isBatchInvariant: true, weights: "Q8_0" },
].map(({ weights, ...it }) => ({ ...it, stored: { weights, cacheElementBytes: 4 } }) as Entrant);

function measured(speeds: Record<string, Record<number, number>>): Series {
  const series = new Series();
  series.add({ part: "memory", who: "all cores" }, { search: 30e9, copy: 20e9, compare: 25e9 });
  for (const [who, byBatch] of Object.entries(speeds)) {
    for (const [batch, tokensPerSecond] of Object.entries(byBatch)) {
      series.add({ part: "decode", who, detail: batch }, { tokensPerSecond });
    }
  }
  return series;
}

const toText = (series: Series) =>
  toGoals({ series, entrants, model: "qwen2.5-0.5b" }).map(
    (it) => `${it.text}: ${it.measured}, ${it.wanted}: ${it.isMet}`,
  );

test("each batch has its own best form and its own best peer", () => {
  const goals = toText(
    measured({
      "int4-block128": { 1: 60, 8: 170, 16: 190 },
      "int8-block128": { 1: 45, 8: 180, 16: 240 },
      "int8-dynamic": { 1: 30, 8: 200, 16: 320 },
      "llama-q4_0": { 1: 80, 8: 85, 16: 90 },
      "llama-q8_0": { 1: 40, 8: 95, 16: 60 },
    }),
  );
  expect(goals).toEqual([
    expect.stringContaining("int4-block128: 0.75× llama-q4_0, "),
    "2. decode, 8 sequences: int8-block128: 1.89× llama-q8_0, ≥ 2×: false",
    "2. decode, 16 sequences: int8-block128: 2.67× llama-q4_0, ≥ 2.5×: true",
    "2. 16 sequences beside our own one: int8-block128: 5.33× the same form alone, ≥ 4×: true",
    "2. the same, answers depending on the batch: int8-dynamic: 3.56× llama-q4_0, ≥ 3×: true",
  ]);
  expect(goals[0]).toContain("≥ 1.0×, or ≥ 85 %: false");
});

test("one sequence: near the memory's limit is as good as faster than the peer", () => {
  const [goal] = toText(measured({ "int4-block128": { 1: 100 }, "llama-q4_0": { 1: 110 } }));
  expect(goal).toContain("true");
});

test("without a peer nothing is called met or missed", () => {
  const goals = toText(measured({ "int8-block128": { 1: 45, 8: 180, 16: 240 } }));
  expect(goals).toContain("2. decode, 8 sequences: int8-block128: ?× llama.cpp, ≥ 2×: undefined");
});

test("shares of a step are judged only where they are promised", () => {
  const series = new Series();
  for (const [detail, scriptShare] of [
    ["greedy", 0.02],
    ["top-p", 0.06],
    ["penalties", 0.5],
  ] as const) {
    series.add({ part: "overhead", who: "int4-block128", detail }, { scriptShare });
  }
  series.add({ part: "prefix", who: "int4-block128" }, { warmShare: 0.15 });
  series.add({ part: "v1", who: "int4-block128", detail: "engine" }, { tokensPerSecond: 100 });
  series.add({ part: "v1", who: "int4-block128", detail: "/v1" }, { tokensPerSecond: 88 });
  const goals = toGoals({ series, entrants, model: "qwen2.5-0.5b" });
  expect(goals.map((it) => it.isMet)).toEqual([true, true, false, false]);
});
