import { metrics } from "@/lib/telemetry/metrics";
import { PlainHistogram } from "@/lib/telemetry/plain-metrics";
import { processSingleton } from "@/lib/util/process-singleton";

/** From the arrival of a request to the end of its body, streams included. */
export const requestSeconds = processSingleton(
  "http-request-seconds",
  () =>
    new PlainHistogram({
      name: "parley_http_request_duration_seconds",
      help: "Time from the arrival of a request to the end of its answer.",
      labelNames: ["route", "method", "status"],
      buckets: [0.001, 0.005, 0.025, 0.1, 0.5, 1, 2.5, 5, 10, 30, 60, 300],
      registry: metrics,
    }),
);

type Parameters = Record<string, string>;

/** A path with its parameters' places in their values' stead: one time series a route, not one a battle. */
export function toRouteLabel(pathname: string, parameters: Parameters): string {
  const names = new Map(Object.entries(parameters).map(([name, value]) => [value, name]));
  const parts = pathname.split("/").map((part) => {
    // The path is as it was sent, its parameters are decoded: `%41` and `A` are the same value.
    const name = part === "" ? undefined : (names.get(part) ?? names.get(decode(part)));
    return name === undefined ? part : `:${name}`;
  });
  return parts.join("/").replace(/[0-9a-f]{8}-[0-9a-f-]{27}/g, ":id");
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    // No value of a parameter then: those could be decoded.
    return part;
  }
}
