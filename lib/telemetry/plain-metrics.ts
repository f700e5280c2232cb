import { Counter, Gauge, Histogram, type Registry } from "prom-client";
import { assert } from "@/lib/util/assert";
import { type Labels, LabelTree } from "./label-tree";

/**
 * Metrics of hot paths. prom-client looks up the labels by a text that it makes at each count, 0.5 to 1 µs a
 * time and a score of times an answer; here a series is had once and counted by an addition, and read into
 * prom-client's form when somebody scrapes.
 */

type Options = {
  name: string;
  help: string;
  registry: Registry;
  labelNames?: readonly string[];
};

/** One line of a counter. */
export class CounterSeries {
  readonly labels: Labels;
  value = 0;

  constructor(labels: Labels) {
    this.labels = labels;
  }

  add(count: number): void {
    this.value += count;
  }
}

export class PlainCounter {
  readonly #series: CounterSeries[] = [];
  readonly #tree: LabelTree<CounterSeries>;

  constructor({ registry, labelNames = [], ...rest }: Options) {
    const series = this.#series;
    this.#tree = new LabelTree(labelNames, (labels) => this.series(labels));
    new Counter<string>({
      ...{ ...rest, labelNames, registers: [registry] },
      collect() {
        this.reset();
        for (const { labels, value } of series) this.inc(labels, value);
      },
    });
  }

  /** A line of its own, shown from now on; to be had once for each set of labels. */
  series(labels: Labels = {}): CounterSeries {
    const made = new CounterSeries(labels);
    this.#series.push(made);
    return made;
  }

  /** For labels that are known only when something is counted. */
  inc(labels: Labels, count = 1): void {
    this.#tree.of(labels).add(count);
  }
}

/** A number without labels that goes up and down. */
export class PlainGauge {
  readonly #gauge: Gauge;
  #value = 0;

  constructor({ registry, ...rest }: Omit<Options, "labelNames">) {
    const read = () => this.#value;
    this.#gauge = new Gauge({
      ...{ ...rest, registers: [registry] },
      collect() {
        this.set(read());
      },
    });
  }

  inc(): void {
    this.#value += 1;
  }

  dec(): void {
    this.#value -= 1;
  }

  /** As a registry reads it. */
  get(): ReturnType<Gauge["get"]> {
    return this.#gauge.get();
  }
}

/** The lines of a histogram with the same labels. */
export class HistogramSeries {
  readonly labels: Labels;
  readonly bounds: readonly number[];
  /** How many were within each bound and above the one before; the last one without a bound. */
  readonly counts: Float64Array;
  sum = 0;
  count = 0;

  constructor(labels: Labels, bounds: readonly number[]) {
    this.labels = labels;
    this.bounds = bounds;
    this.counts = new Float64Array(bounds.length + 1);
  }

  observe(value: number): void {
    const { bounds } = this;
    let at = 0;
    while (at < bounds.length && value > (bounds[at] ?? 0)) at++;
    this.counts[at] = (this.counts[at] ?? 0) + 1;
    this.sum += value;
    this.count += 1;
  }
}

export class PlainHistogram {
  readonly #metric: ReadHistogram;
  readonly #bounds: readonly number[];
  readonly #tree: LabelTree<HistogramSeries>;

  /** @param options `buckets`: ascending bounds. */
  constructor({ registry, buckets, labelNames = [], ...rest }: Options & { buckets: number[] }) {
    assert(
      buckets.every((bound, at) => at === 0 || bound > (buckets[at - 1] ?? 0)),
      "bounds ascend",
    );
    this.#bounds = buckets;
    const registers = [registry];
    this.#metric = new ReadHistogram({ ...rest, buckets, labelNames, registers });
    this.#tree = new LabelTree(labelNames, (labels) => this.series(labels));
  }

  /** Lines of its own, to be had once for each set of labels; those with labels are shown once something was observed. */
  series(labels: Labels = {}): HistogramSeries {
    const made = new HistogramSeries(labels, this.#bounds);
    this.#metric.lines.push(made);
    return made;
  }

  /** For labels that are known only when something is measured. */
  observe(labels: Labels, value: number): void {
    this.#tree.of(labels).observe(value);
  }
}

/** What a registry reads: prom-client's histogram with the numbers of ours. */
class ReadHistogram extends Histogram<string> {
  readonly lines: HistogramSeries[] = [];
  readonly #name: string;
  /** Never counted: it has the form without the numbers. */
  readonly #empty: Histogram<string>;

  constructor(options: ConstructorParameters<typeof Histogram<string>>[0]) {
    super(options);
    this.#name = options.name;
    this.#empty = new Histogram({ ...options, registers: [] });
  }

  override async get() {
    const values = this.lines.filter(isShown).flatMap((it) => toValues(this.#name, it));
    return { ...(await this.#empty.get()), values };
  }

  /** The registry asks for this first where a metric has it, as prom-client's own does. */
  getForPromString() {
    return this.get();
  }
}

const isShown = ({ labels, count }: HistogramSeries) =>
  count > 0 || Object.keys(labels).length === 0;

function toValues(name: string, { labels, bounds, counts, sum, count }: HistogramSeries) {
  let below = 0;
  const buckets = bounds.map((le, at) => {
    below += counts[at] ?? 0;
    return { metricName: `${name}_bucket`, labels: { le, ...labels }, value: below };
  });
  return [
    ...buckets,
    { metricName: `${name}_bucket`, labels: { le: "+Inf", ...labels }, value: count },
    { metricName: `${name}_sum`, labels, value: sum },
    { metricName: `${name}_count`, labels, value: count },
  ];
}
