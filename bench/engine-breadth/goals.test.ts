import { expect, test } from "vitest";
import { Series } from "../engine/series";
import { toGoals } from "./goals";
import { BATCH, WHO } from "./lineup";

const toText = (series: Series) =>
  toGoals(series).map((it) => `${it.text}: ${it.measured}, ${it.wanted}: ${it.isMet}`);

test("a token is judged by its median and by its 99th percentile", () => {
  const series = new Series();
  const key = { part: "tokens", who: WHO.grammar };
  series.add({ ...key, detail: "greedy" }, { addedUs: 40, addedUsP99: 300 });
  series.add({ ...key, detail: "temperature 1" }, { addedUs: 60, addedUsP99: 1_400 });
  expect(toText(series)).toEqual([
    "1. a constrained token, greedy: 40 µs more at the median, 300 µs at the 99th percentile, ≤ 100 µs, ≤ 1,000 µs: true",
    "1. a constrained token, temperature 1: 60 µs more at the median, 1400 µs at the 99th percentile, ≤ 100 µs, ≤ 1,000 µs: false",
  ]);
});

test("medians of the rounds are compared", () => {
  const series = new Series();
  for (const [freshMs, cachedMs] of [
    [50, 0.1],
    [900, 3],
    [60, 0.2],
  ] as const) {
    series.add({ part: "compile", who: WHO.grammar }, { freshMs, cachedMs });
  }
  series.add({ part: "embeddings", who: WHO.encoder }, { textsPerSecond: 30 });
  series.add({ part: "embeddings", who: WHO.transformers }, { textsPerSecond: 15 });
  series.add({ part: "forms", who: WHO.inPlace, detail: BATCH }, { tokensPerSecond: 200 });
  series.add({ part: "forms", who: WHO.optimum, detail: BATCH }, { tokensPerSecond: 100 });
  expect(toText(series)).toEqual([
    "1. a schema compiled, and again from the cache: 60.0 ms, 0.20 ms, ≤ 200 ms, ≤ 1 ms: true",
    "2. embeddings of mixed length: 2.00× transformers.js, ≥ 1.5×: true",
    "3. decode of 8, Optimum export: 50.0 % of GroupQueryAttention, ≥ 60 %: false",
  ]);
});

test("without a peer nothing is called met or missed, and what was not measured is not named", () => {
  const series = new Series();
  series.add({ part: "embeddings", who: WHO.encoder }, { textsPerSecond: 30 });
  expect(toText(series)).toEqual([
    "2. embeddings of mixed length: ?× transformers.js, ≥ 1.5×: undefined",
  ]);
});
