import { Gauge } from "prom-client";
import type { Controller } from "@/lib/controller/controller";
import { toAppError } from "@/lib/errors";
import type { AdminWorker } from "@/lib/protocol/arena-view";
import { metrics } from "@/lib/telemetry/metrics";
import { processSingleton } from "@/lib/util/process-singleton";
import { workerTraffic } from "./worker-traffic";

const BREAKER_STATES = { closed: 0, open: 1, "half-open": 2 } as const;
const STATES = ["ready", "starting", "draining", "unreachable", "lost"] as const;

/**
 * The workers as this process sees them: under the names of vLLM's router (its label `server` is a
 * worker's address), and ours. Only workers of now are there, so that a fleet that comes and goes leaves no
 * series behind; what is counted over time lies with models.
 */
const gauges = () =>
  processSingleton("worker-metrics", () => {
    const gauge = <Label extends string>(name: string, help: string, label: Label) =>
      new Gauge({ name, help, labelNames: [label], registers: [metrics] });
    const at = (name: string, help: string) => gauge(name, help, "server");
    return {
      states: gauge("parley_workers", "Workers by state.", "state"),
      breaker: at(
        "parley_worker_breaker_state",
        "0: requests go there, 1: none does, 2: one is tried.",
      ),
      slots: at("parley_worker_slots", "Requests that it runs at once."),
      outstanding: at(
        "parley_worker_outstanding_tokens",
        "Tokens that it has promised to read and write.",
      ),
      speed: at("parley_worker_tokens_per_second", "Its speed, as it measured it."),
      running: at("vllm:num_requests_running", "Requests that run there, of all web processes."),
      waiting: at("vllm:num_requests_waiting", "Requests that wait there, of all web processes."),
      prefill: at(
        "vllm:num_prefill_requests",
        "Requests of this process there without a token yet.",
      ),
      decoding: at("vllm:num_decoding_requests", "Answers that it writes for this process."),
      qps: at(
        "vllm:current_qps",
        "Answers a second that it ended for this process in the last minute.",
      ),
      latency: at("vllm:avg_latency", "Seconds until their end, on average."),
      tokenTime: at("vllm:avg_itl", "Seconds between two of their tokens, on average."),
      length: at("vllm:avg_decoding_length", "Their tokens, on average."),
      healthy: at("vllm:healthy_pods_total", "1 for a worker that takes requests, 0 for another."),
    };
  });

/** Brings the numbers up to now; called before they are read. */
export async function refreshWorkerMetrics(controller: Controller): Promise<void> {
  const all = gauges();
  const workers = await listWorkers(controller);
  for (const gauge of Object.values(all)) gauge.reset();
  for (const state of STATES) all.states.set({ state }, 0);
  const traffic = workerTraffic();
  traffic.keep(new Set(workers.map(({ id }) => id)));
  for (const worker of workers) {
    const { state, address: server } = worker;
    all.states.inc({ state });
    if (state === "lost") continue;
    const { decoding, ...recent } = traffic.read(worker.id);
    all.breaker.set({ server }, BREAKER_STATES[worker.breaker]);
    all.slots.set({ server }, worker.slots);
    if (worker.outstandingTokens !== null)
      all.outstanding.set({ server }, worker.outstandingTokens);
    if (worker.tokensPerSecond !== null) all.speed.set({ server }, worker.tokensPerSecond);
    all.running.set({ server }, worker.running);
    all.waiting.set({ server }, worker.waiting);
    all.prefill.set({ server }, Math.max(0, controller.inFlight(worker.id) - decoding));
    all.decoding.set({ server }, decoding);
    all.qps.set({ server }, recent.answersPerSecond);
    all.latency.set({ server }, recent.latencySeconds);
    all.tokenTime.set({ server }, recent.tokenSeconds);
    all.length.set({ server }, recent.tokens);
    all.healthy.set({ server }, state === "ready" && worker.breaker !== "open" ? 1 : 0);
  }
}

async function listWorkers(controller: Controller): Promise<AdminWorker[]> {
  try {
    return await controller.listWorkers();
  } catch (error) {
    // A process that has never read its registry has no workers to tell of, and numbers of its own.
    if (toAppError(error).code === "no-worker") return [];
    throw error;
  }
}
