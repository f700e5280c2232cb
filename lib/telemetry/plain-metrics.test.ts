/** Goal: a scraper cannot tell these from prom-client's own. Method: both count the same, and both registries are read. */
import { Counter, Gauge, Histogram, Registry } from "prom-client";
import { expect, test } from "vitest";
import { seededRandom } from "@/lib/util/random";
import { PlainCounter, PlainGauge, PlainHistogram } from "./plain-metrics";

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

test("labels that are known late read like prom-client's", async () => {
  const [plain, theirs] = [new Registry(), new Registry()];
  const labelNames = ["model", "kind"];
  const counted = { name: "c_total", help: "C.", labelNames };
  const measured = { name: "d_seconds", help: "D.", labelNames, buckets };
  const ours = new PlainCounter({ ...counted, registry: plain });
  const counter = new Counter({ ...counted, registers: [theirs] });
  const seconds = new PlainHistogram({ ...measured, registry: plain });
  const histogram = new Histogram({ ...measured, registers: [theirs] });
  const random = seededRandom(11);
  for (let turn = 0; turn < 300; turn++) {
    const pick = () => ["a", "b", "a b", "", "constructor"][Math.floor(random() * 5)] ?? "";
    const labels = { model: pick(), kind: pick() };
    const value = random() * 10;
    ours.inc(labels, turn);
    counter.inc(labels, turn);
    seconds.observe(labels, value);
    histogram.observe(labels, value);
  }
  expect(await plain.metrics()).toBe(await theirs.metrics());
});

test("a gauge reads like prom-client's", async () => {
  const [plain, theirs] = [new Registry(), new Registry()];
  const ours = new PlainGauge({ name: "e", help: "E.", registry: plain });
  const gauge = new Gauge({ name: "e", help: "E.", registers: [theirs] });
  expect(await plain.metrics()).toBe(await theirs.metrics());
  for (const it of [ours, gauge]) for (let turn = 0; turn < 3; turn++) it.inc();
  for (const it of [ours, gauge]) it.dec();
  expect(await plain.metrics()).toBe(await theirs.metrics());
  expect((await ours.get()).values[0]?.value).toBe(2);
});
