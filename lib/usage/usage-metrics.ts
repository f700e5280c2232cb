import { Counter, Gauge, Histogram } from "prom-client";
import { metrics } from "@/lib/telemetry/metrics";
import { processSingleton } from "@/lib/util/process-singleton";

/** What accounting counts of itself. */
export const usageMetrics = processSingleton("usage-metrics", () => {
  const registers = [metrics];
  return {
    refusals: new Counter({
      name: "parley_usage_refusals_total",
      help: "Requests refused or ended by a limit, by the limit.",
      labelNames: ["limit"],
      registers,
    }),
    dropped: new Counter({
      name: "parley_usage_records_dropped_total",
      help: "Usage records dropped unwritten because the database was away for too long.",
      registers,
    }),
    pending: new Gauge({
      name: "parley_usage_records_pending",
      help: "Usage records of ended requests that wait to be written.",
      registers,
    }),
    flushSeconds: new Histogram({
      name: "parley_usage_flush_duration_seconds",
      help: "Time to write usage to the database and read that of all processes back, by outcome.",
      labelNames: ["outcome"],
      buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5, 15],
      registers,
    }),
  };
});
