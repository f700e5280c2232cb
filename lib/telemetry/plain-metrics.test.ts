/** Goal: a scraper cannot tell these from prom-client's own. Method: both count the same, and both registries are read. */
import { Counter, Histogram, Registry } from "prom-client";
import { expect, test } from "vitest";
import { seededRandom } from "@/lib/util/random";
import { PlainCounter, PlainHistogram } from "./plain-metrics";

const buckets = [0.1, 0.5, 1, 7.5];

test("counters read like prom-client's", async () => {
  const [plain, theirs] = [new Registry(), new Registry()];
  const labelled = { name: "a_total", help: "A\nB.", labelNames: ["x", "y"] };
  const bare = { name: "b_total", help: "B." };
  const series = new PlainCounter({ ...labelled, registry: plain }).series({ x: 'q"', y: "2" });
  const one = new PlainCounter({ ...bare, registry: plain }).series();
  const counter = new Counter({ ...labelled, registers: [theirs] });
  const other = new Counter({ ...bare, registers: [theirs] });
  counter.inc({ x: 'q"', y: "2" }, 0);
  expect(await plain.metrics()).toBe(await theirs.metrics());
  for (const count of [1, 0, 41]) {
    series.add(count);
    counter.inc({ x: 'q"', y: "2" }, count);
    one.add(count);
    other.inc(count);
  }
  expect(await plain.metrics()).toBe(await theirs.metrics());
  expect(await plain.metrics()).toContain('a_total{x="q\\"",y="2"} 42');
});

test("histograms read like prom-client's, before and after the first value", async () => {
  const [plain, theirs] = [new Registry(), new Registry()];
  const labelled = { name: "a_seconds", help: "A.", labelNames: ["x"], buckets };
  const bare = { name: "b_seconds", help: "B.", buckets };
  const series = new PlainHistogram({ ...labelled, registry: plain }).series({ x: "1" });
  const one = new PlainHistogram({ ...bare, registry: plain }).series();
  const histogram = new Histogram({ ...labelled, registers: [theirs] });
  const other = new Histogram({ ...bare, registers: [theirs] });
  expect(await plain.metrics()).toBe(await theirs.metrics());
  const random = seededRandom(7);
  for (const value of [...buckets, 0, ...Array.from({ length: 200 }, () => random() * 10)]) {
    series.observe(value);
    histogram.observe({ x: "1" }, value);
    one.observe(value);
    other.observe(value);
  }
  expect(await plain.metrics()).toBe(await theirs.metrics());
});
