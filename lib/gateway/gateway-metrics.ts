import { Counter, Gauge } from "prom-client";
import { metrics } from "@/lib/telemetry/metrics";
import { PlainCounter, PlainGauge, PlainHistogram } from "@/lib/telemetry/plain-metrics";
import { processSingleton } from "@/lib/util/process-singleton";

/** What the gateway counts. Models are labels only once they are known to exist: clients choose names. */
export const gatewayMetrics = processSingleton("gateway-metrics", () => {
  const registers = [metrics];
  return {
    requests: new PlainCounter({
      name: "parley_generation_requests_total",
      help: "Generations by model and how they ended: stop, length, cancelled or an error code.",
      labelNames: ["model", "outcome"],
      registry: metrics,
    }),
    firstTokenSeconds: new PlainHistogram({
      name: "parley_generation_first_token_seconds",
      help: "Time from a request's arrival at the gateway to its first token, failover included.",
      labelNames: ["model"],
      buckets: [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60],
      registry: metrics,
    }),
    tokens: new PlainCounter({
      name: "parley_generation_tokens_total",
      help: "Tokens by model and kind: prompt or completion.",
      labelNames: ["model", "kind"],
      registry: metrics,
    }),
    failovers: new Counter({
      name: "parley_generation_failovers_total",
      help: "Attempts at a worker that were given up before the first token, by error code.",
      labelNames: ["code"],
      registers,
    }),
    resumptions: new Counter({
      name: "parley_generation_resumptions_total",
      help: "Answers under way whose worker was lost, by the error's code and whether another went on (yes, no).",
      labelNames: ["code", "resumed"],
      registers,
    }),
    modelsPassedOver: new Counter({
      name: "parley_models_passed_over_total",
      help: "Times that a request went on from one model to the next before its first token, by error code.",
      labelNames: ["code"],
      registers,
    }),
    mirrors: new Counter({
      name: "parley_mirrored_requests_total",
      help: "Copies of requests by the model that keepers named and how they ended; dropped: too many at once.",
      labelNames: ["model", "outcome"],
      registers,
    }),
    rollbacks: new Counter({
      name: "parley_alias_rollbacks_total",
      help: "Targets that this process took out of their alias, by alias and model.",
      labelNames: ["alias", "model"],
      registers,
    }),
    queued: new Gauge({
      name: "parley_admission_waiting",
      help: "Requests that wait in this process for a worker of the model.",
      labelNames: ["model"],
      registers,
    }),
    queueSeconds: new PlainHistogram({
      name: "parley_admission_wait_seconds",
      help: "Wait for a place at a worker, however it ended; 0 for who did not wait.",
      labelNames: ["model"],
      buckets: [0, 0.005, 0.025, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60],
      registry: metrics,
    }),
    queueRefusals: new Counter({
      name: "parley_admission_refused_total",
      help: "Requests that were refused a place: the queue was full, or they had waited too long (late).",
      labelNames: ["model", "reason"],
      registers,
    }),
    running: new PlainGauge({
      name: "parley_generation_running",
      help: "Generations under way from this process.",
      registry: metrics,
    }),
  };
});
