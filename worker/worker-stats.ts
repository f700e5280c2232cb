import { Gauge, type Registry } from "prom-client";
import type { GenerateEvent } from "@/lib/protocol/generate-event";
import type { WorkerLoad } from "@/lib/protocol/registration";
import {
  type CounterSeries,
  type HistogramSeries,
  PlainCounter,
  PlainHistogram,
} from "@/lib/telemetry/plain-metrics";
import type { Admission } from "./admission";
import type { Backend } from "./backend";
import { VllmMetrics } from "./vllm-metrics";
import { WorkMeter } from "./work-meter";

/** How a request ended. A refusal is the client's or the load's; a failure is ours. */
export type Outcome = "done" | "refused" | "failed" | "aborted";

const SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600];

/** What a worker counts: for `/metrics`, and the totals that go with every heartbeat. */
export class WorkerStats {
  readonly counters: WorkerLoad["counters"] = {
    requests: 0,
    failures: 0,
    promptTokens: 0,
    completionTokens: 0,
  };
  /** The same under other names; beside these for who looks for them. */
  readonly vllm: VllmMetrics;
  /** What is still to be done, and how fast that goes. */
  readonly work = new WorkMeter();
  readonly #registry: Registry;
  readonly #requests: PlainCounter;
  /** By call and outcome. */
  readonly #requestsOf = new Map<string, CounterSeries>();
  readonly #promptTokens: CounterSeries;
  readonly #completionTokens: CounterSeries;
  readonly #cachedTokens: CounterSeries;
  readonly #aborts: CounterSeries;
  readonly #queued: HistogramSeries;
  readonly #firstToken: HistogramSeries;
  readonly #duration: HistogramSeries;

  constructor(registry: Registry) {
    this.#registry = registry;
    this.vllm = new VllmMetrics(registry);
    const histogram = (name: string, help: string) =>
      new PlainHistogram({ name, help, buckets: SECONDS, registry }).series();
    this.#requests = new PlainCounter({
      name: "parley_worker_requests_total",
      help: "Requests by call and by how they ended.",
      labelNames: ["call", "outcome"],
      registry,
    });
    const tokens = new PlainCounter({
      name: "parley_worker_tokens_total",
      help: "Tokens read (prompt) and written (completion).",
      labelNames: ["kind"],
      registry,
    });
    this.#promptTokens = tokens.series({ kind: "prompt" });
    this.#completionTokens = tokens.series({ kind: "completion" });
    this.#cachedTokens = new PlainCounter({
      name: "parley_worker_cached_prompt_tokens_total",
      help: "Tokens of prompts that were not read again, since an earlier request began alike.",
      registry,
    }).series();
    this.#aborts = new PlainCounter({
      name: "parley_worker_aborts_total",
      help: "Requests whose client went away before the end.",
      registry,
    }).series();
    this.#queued = histogram("parley_worker_queued_seconds", "Wait for a slot.");
    this.#firstToken = histogram(
      "parley_worker_first_token_seconds",
      "From arrival to the first token.",
    );
    this.#duration = histogram("parley_worker_generation_seconds", "From arrival to the end.");
  }

  /** Shows the live numbers of `admission` and `backend` beside the totals. */
  watch(admission: Admission, backend: Pick<Backend, "underWay">): void {
    const gauge = (name: string, help: string, read: () => number) =>
      new Gauge({
        name,
        help,
        registers: [this.#registry],
        collect() {
          this.set(read());
        },
      });
    gauge("parley_worker_slots", "Requests that may run at once.", () => admission.slots);
    gauge("parley_worker_running", "Requests that run now.", () => admission.running);
    gauge(
      "parley_worker_under_way",
      "Calls that the models work on now; one that was aborted until its work has stopped.",
      () => backend.underWay?.() ?? admission.running,
    );
    gauge("parley_worker_waiting", "Requests that wait for a slot.", () => admission.waiting);
    gauge(
      "parley_worker_outstanding_tokens",
      "Tokens that requests here have still to read and write, by what answers wrote of late.",
      () => this.work.outstandingTokens,
    );
    gauge(
      "parley_worker_tokens_per_second",
      "Tokens written a second of late, over all requests, while there were any.",
      () => this.work.tokensPerSecond ?? 0,
    );
  }

  /** @param call one of the paths that are work, without its slash */
  countRequest(call: string, outcome: Outcome): void {
    this.#requestsBy(call, outcome).add(1);
    this.counters.requests += 1;
    if (outcome === "failed") this.counters.failures += 1;
    if (outcome === "aborted") this.#aborts.add(1);
  }

  #requestsBy(call: string, outcome: Outcome): CounterSeries {
    const key = `${call} ${outcome}`;
    const known = this.#requestsOf.get(key);
    if (known) return known;
    const made = this.#requests.series({ call, outcome });
    this.#requestsOf.set(key, made);
    return made;
  }

  countTokens(kind: "prompt" | "completion", count: number): void {
    if (kind === "prompt") {
      this.#promptTokens.add(count);
      this.counters.promptTokens += count;
    } else {
      this.#completionTokens.add(count);
      this.counters.completionTokens += count;
    }
  }

  /** Of the prompt's tokens, which are counted above, those that were found ready. */
  countCachedTokens(count: number): void {
    this.#cachedTokens.add(count);
  }

  observeEnd(timing: Extract<GenerateEvent, { type: "generation-end" }>["timing"]): void {
    this.#queued.observe(timing.queuedMs / 1_000);
    this.#firstToken.observe(timing.firstTokenMs / 1_000);
    this.#duration.observe(timing.durationMs / 1_000);
  }

  /** The whole registry in Prometheus' text form. */
  read(): { contentType: string; text: Promise<string> } {
    return { contentType: this.#registry.contentType, text: this.#registry.metrics() };
  }
}
