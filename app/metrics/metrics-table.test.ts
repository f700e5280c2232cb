/** Goal: docs/how-to/observe.md names every metric there is, with its labels and meaning, and none besides. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Registry } from "prom-client";
import { expect, test, vi } from "vitest";
import type { Controller } from "@/lib/controller/controller";
import { refreshWorkerMetrics } from "@/lib/gateway/worker-metrics";
import { metrics } from "@/lib/telemetry/metrics";
import { Admission } from "@/worker/admission";
import { WorkerStats } from "@/worker/worker-stats";

vi.hoisted(() => {
  process.env.DATABASE_URL = "postgres://nobody@127.0.0.1:9/none";
});

// Whatever a route counts is declared where it is loaded.
import "@/server-routes";
import { usageFlusher } from "@/lib/usage/flusher";

const TEXT = readFileSync(join(import.meta.dirname, "../../docs/how-to/observe.md"), "utf8");

/** The rows of a registry as the document has them. */
function rowsOf(registry: Registry): string[] {
  const own = registry.getMetricsAsArray().filter(({ name }) => /^(parley_|vllm:)/.test(name));
  return own
    .map((metric) => {
      // prom-client keeps both on every metric, and its types do not say so.
      const { labelNames, help } = metric as unknown as { labelNames: string[]; help: string };
      return `| \`${metric.name}\` | ${labelNames.map((it) => `\`${it}\``).join(", ")} | ${help} |`;
    })
    .sort();
}

/** The table beneath a heading. */
function tableUnder(heading: string): string[] {
  const [, section = ""] = TEXT.split(`\n${heading}\n`);
  const [own = ""] = section.split("\n#");
  return own.split("\n").filter((line) => line.startsWith("| `"));
}

test("of the web process", async () => {
  const controller = { listWorkers: async () => [], inFlight: () => 0 } as unknown as Controller;
  await refreshWorkerMetrics(controller);
  usageFlusher();
  expect(tableUnder("### Of a web process")).toEqual(rowsOf(metrics));
});

test("of a worker", () => {
  const registry = new Registry();
  const stats = new WorkerStats(registry);
  stats.watch(new Admission({ slots: 1 }), {});
  expect(tableUnder("### Of a worker")).toEqual(rowsOf(registry));
});
