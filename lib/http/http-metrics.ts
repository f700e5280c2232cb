import { Histogram } from "prom-client";
import { metrics } from "@/lib/telemetry/metrics";
import { processSingleton } from "@/lib/util/process-singleton";

/** From the arrival of a request to the end of its body, streams included. */
export const requestSeconds = processSingleton(
  "http-request-seconds",
  () =>
    new Histogram({
      name: "parley_http_request_duration_seconds",
      help: "Time from the arrival of a request to the end of its answer.",
      labelNames: ["route", "method", "status"],
      buckets: [0.001, 0.005, 0.025, 0.1, 0.5, 1, 2.5, 5, 10, 30, 60, 300],
      registers: [metrics],
    }),
);

type Parameters = Record<string, string>;

/** A path with its parameters' places in their values' stead: one time series a route, not one a battle. */
export function toRouteLabel(pathname: string, parameters: Parameters): string {
  let label = pathname;
  for (const [name, value] of Object.entries(parameters)) {
    if (value !== "") label = label.replace(`/${value}`, `/:${name}`);
  }
  return label.replace(/[0-9a-f]{8}-[0-9a-f-]{27}/g, ":id");
}
