import { collectDefaultMetrics, Registry } from "prom-client";
import { processSingleton } from "@/lib/util/process-singleton";

/** The registry behind `/metrics` of this process. Declare a metric through `processSingleton`, beside what it counts. */
export const metrics = processSingleton("metrics", () => {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  return registry;
});
