import { availableParallelism, cpus, loadavg } from "node:os";
import { join } from "node:path";
import { Engine } from "@/lib/engine/engine";
import { SLOTS_DEFAULT } from "@/lib/limits";
import { type Measurement, measure, percentile, type Target } from "./load";
import { ROOT } from "./root";
import { openServed } from "./served";
import { bareLoop, chatTarget, engineTarget, workerTarget } from "./targets";

export const SERVE_OPTIONS = {
  json: { type: "boolean", default: false },
  model: { type: "string", default: "pico-m" },
  seconds: { type: "string", default: "6" },
  // What `npm start` gives each of the three bundled models on two cores.
  threads: { type: "string", default: "1" },
  "base-url": { type: "string" },
} as const;

export type ServeOptions = {
  json: boolean;
  model: string;
  seconds: string;
  threads: string;
  "base-url"?: string | undefined;
};

const CLIENT_COUNTS = [1, 8];
/** Rows are measured in turns, so that a slow minute of the machine touches all of them. */
const ROUND_COUNT = 5;
const REQUESTS_PER_ROUND_MAX = 1_000;
/** The whole run, whatever hangs. */
const RUN_MS_MAX = 600_000;

export type ServeRow = {
  path: string;
  clients: number;
  requests: number;
  /** Median of the rounds. */
  tokensPerSecond: number;
  firstTokenMsP50: number;
  firstTokenMsP99: number;
  /** Tokens a second as a share of the bare loop's in the same run. */
  ratio: number;
};

export type ServeReport = {
  bench: "serve";
  model: string;
  threads: number;
  cpu: string;
  cores: number;
  node: string;
  loadAverageBefore: number;
  rows: ServeRow[];
};

/** Measures one bundled model through engine, worker and `/v1`, prints the table and returns it. */
export async function runServe(options: ServeOptions): Promise<ServeReport> {
  const seconds = Number(options.seconds);
  if (!(seconds > 0)) throw new Error(`--seconds is a number above 0; got "${options.seconds}".`);
  const loadAverageBefore = loadavg()[0] ?? 0;
  const threads = Number(options.threads);
  if (!(Number.isInteger(threads) && threads > 0)) {
    throw new Error(`--threads is a whole number above 0; got "${options.threads}".`);
  }
  const signal = AbortSignal.timeout(RUN_MS_MAX);
  const served = await openServed(options);
  try {
    const engine = await Engine.load(join(ROOT, "models", options.model), {
      threadCount: threads,
      slotCount: SLOTS_DEFAULT,
    });
    const targets = [
      bareLoop(engine),
      engineTarget(engine),
      ...(served.worker ? [workerTarget(options.model, served.worker)] : []),
      chatTarget(options.model, served.url, served.apiKey),
    ];
    const rows = await measureRows(targets, (seconds * 1_000) / ROUND_COUNT, signal);
    const report: ServeReport = {
      ...{ bench: "serve", model: options.model, threads },
      ...{ cpu: cpus()[0]?.model ?? "unknown", cores: availableParallelism() },
      ...{ node: process.version, loadAverageBefore, rows },
    };
    print(report);
    return report;
  } finally {
    await served.close();
  }
}

async function measureRows(
  targets: readonly Target[],
  roundMs: number,
  signal: AbortSignal,
): Promise<ServeRow[]> {
  // One loop of the bare graph has no second client: it would only take turns with itself.
  const cases = CLIENT_COUNTS.flatMap((clients) =>
    targets
      .filter((target) => clients === 1 || target.path !== "bare loop")
      .map((target) => ({ target, clients, rounds: [] as Measurement[] })),
  );
  // The first answer of a path opens its connections and warms its code.
  for (const target of targets) await target.ask(signal);
  for (let round = 0; round < ROUND_COUNT; round++) {
    for (const { target, clients, rounds } of cases) {
      const load = { clientCount: clients, durationMs: roundMs };
      const requestCountMax = REQUESTS_PER_ROUND_MAX;
      rounds.push(await measure(target, { ...load, requestCountMax }, signal));
    }
  }
  const speeds = cases.map(({ rounds }) =>
    percentile(
      rounds.map((it) => it.tokensPerSecond),
      0.5,
    ),
  );
  return cases.map(({ target, clients, rounds }, index) => {
    const firstTokenMs = rounds.flatMap((it) => it.firstTokenMs);
    const tokensPerSecond = speeds[index] ?? Number.NaN;
    return {
      ...{ path: target.path, clients, tokensPerSecond },
      requests: rounds.reduce((sum, it) => sum + it.requestCount, 0),
      firstTokenMsP50: percentile(firstTokenMs, 0.5),
      firstTokenMsP99: percentile(firstTokenMs, 0.99),
      // The bare loop with one client is the first case.
      ratio: tokensPerSecond / (speeds[0] ?? Number.NaN),
    };
  });
}

function print(report: ServeReport): void {
  const { model, threads, cpu, cores, node, loadAverageBefore } = report;
  console.log(`serve: ${model}, greedy, 64 tokens an answer; inference threads: ${threads}`);
  console.log(`${cpu}, ${cores} cores, Node ${node}, load before ${loadAverageBefore.toFixed(2)}`);
  // Whoever else took part of the cores slowed all rows alike: they compare, their figures do not travel.
  if (loadAverageBefore > cores / 2) console.log("The machine was busy: compare rows, not runs.");
  console.log("");
  const head = ["path", "clients", "requests", "tokens/s", "ratio", "first token ms p50", "p99"];
  const lines = report.rows.map((row) => [
    row.path,
    String(row.clients),
    String(row.requests),
    row.tokensPerSecond.toFixed(0),
    row.ratio.toFixed(2),
    row.firstTokenMsP50.toFixed(1),
    row.firstTokenMsP99.toFixed(1),
  ]);
  const widths = head.map((title, column) =>
    Math.max(title.length, ...lines.map((line) => line[column]?.length ?? 0)),
  );
  for (const line of [head, ...lines]) {
    const cells = line.map((cell, column) =>
      column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0),
    );
    console.log(cells.join("  "));
  }
  console.log("");
}
