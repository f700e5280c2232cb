import { Gauge, type Registry } from "prom-client";
import type { FinishReason } from "@/lib/protocol/generate-event";
import type { WorkerCard } from "@/lib/protocol/worker-card";
import {
  type CounterSeries,
  type HistogramSeries,
  PlainCounter,
  PlainHistogram,
} from "@/lib/telemetry/plain-metrics";

/**
 * The names under which vLLM shows the same things, with its label and its bounds (`vllm/v1/metrics`:
 * `loggers.py`, `buckets.py`), so that dashboards made for it work here. `model_name` is one of the card's.
 */

/** Bounds of vLLM's histograms, in seconds. */
const LATENCY = [
  ...[0.3, 0.5, 0.8, 1, 1.5, 2, 2.5, 5, 10, 15, 20, 30, 40, 50, 60, 120, 240, 480, 960, 1920, 7680],
];
const FIRST_TOKEN = [
  ...[0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10],
  ...[20, 40, 80, 160, 640, 2560],
];
const TOKEN = [
  ...[
    0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.75, 1, 2.5, 5, 7.5, 10, 20, 40, 80,
  ],
];
/** It ends these at a model's context; one list serves models of any. */
const TOKENS = [1, 2, 5].flatMap((it) => [1, 10, 100, 1_000, 10_000, 100_000].map((x) => it * x));

/** How vLLM calls the end of a request. */
export type FinishedReason = "stop" | "length" | "abort" | "error";

const labelNames = ["model_name"];

/** What one model's requests do now. */
type ModelNow = { waiting: number; running: number; cachedPositions: number; positions: number };

/** What is shown of one model. */
type ModelSeries = {
  now: ModelNow;
  firstToken: HistogramSeries;
  token: HistogramSeries;
  tokenOfRequest: HistogramSeries;
  latency: HistogramSeries;
  queue: HistogramSeries;
  inference: HistogramSeries;
  prefill: HistogramSeries;
  decode: HistogramSeries;
  promptOfRequest: HistogramSeries;
  generationOfRequest: HistogramSeries;
  prompt: CounterSeries;
  generation: CounterSeries;
  prefixQueries: CounterSeries;
  prefixHits: CounterSeries;
  success: Record<FinishedReason, CounterSeries>;
};

export class VllmMetrics {
  readonly #models = new Map<string, ModelSeries>();
  readonly #metrics: ReturnType<typeof declareMetrics>;

  constructor(registry: Registry) {
    this.#metrics = declareMetrics(registry);
    this.#gauge(registry, "num_requests_running", "Requests that run now.", (it) => it.running);
    this.#gauge(
      registry,
      "num_requests_waiting",
      "Requests that wait for a slot.",
      (it) => it.waiting,
    );
    this.#gauge(
      registry,
      "kv_cache_usage_perc",
      "Share (0 to 1) of the positions of the key-value cache that running answers take.",
      (it) => (it.positions === 0 ? 0 : Math.min(1, it.cachedPositions / it.positions)),
    );
  }

  /** These are the models by now: each shows zeros before its first request. */
  watch({ models, slots }: Pick<WorkerCard, "models" | "slots">): void {
    for (const { name, contextLength } of models) {
      const series = this.#models.get(name) ?? this.#show(name);
      series.now.positions = slots * contextLength;
    }
  }

  /** A request for one of the card's models arrives. */
  enter(model: string): RequestMetrics {
    return new RequestMetrics(this.#models.get(model) ?? this.#show(model));
  }

  #show(model: string): ModelSeries {
    const { success, ...metrics } = this.#metrics;
    const labels = { model_name: model };
    const ended = (finished_reason: FinishedReason) =>
      success.series({ ...labels, finished_reason });
    const series: ModelSeries = {
      now: { waiting: 0, running: 0, cachedPositions: 0, positions: 0 },
      firstToken: metrics.firstToken.series(labels),
      token: metrics.token.series(labels),
      tokenOfRequest: metrics.tokenOfRequest.series(labels),
      latency: metrics.latency.series(labels),
      queue: metrics.queue.series(labels),
      inference: metrics.inference.series(labels),
      prefill: metrics.prefill.series(labels),
      decode: metrics.decode.series(labels),
      promptOfRequest: metrics.promptOfRequest.series(labels),
      generationOfRequest: metrics.generationOfRequest.series(labels),
      prompt: metrics.prompt.series(labels),
      generation: metrics.generation.series(labels),
      prefixQueries: metrics.prefixQueries.series(labels),
      prefixHits: metrics.prefixHits.series(labels),
      success: {
        stop: ended("stop"),
        length: ended("length"),
        abort: ended("abort"),
        error: ended("error"),
      },
    };
    this.#models.set(model, series);
    return series;
  }

  #gauge(registry: Registry, name: string, help: string, read: (now: ModelNow) => number): void {
    const models = this.#models;
    new Gauge<string>({
      ...{ name: `vllm:${name}`, help, labelNames, registers: [registry] },
      collect() {
        for (const [model, { now }] of models) this.set({ model_name: model }, read(now));
      },
    });
  }
}

function declareMetrics(registry: Registry) {
  const histogram = (name: string, help: string, buckets: readonly number[]) =>
    new PlainHistogram({
      ...{ name: `vllm:${name}`, help, labelNames, registry },
      buckets: buckets.toSorted(byValue),
    });
  const counter = (name: string, help: string) =>
    new PlainCounter({ name: `vllm:${name}`, help, labelNames, registry });
  return {
    firstToken: histogram(
      "time_to_first_token_seconds",
      "From arrival to the first token.",
      FIRST_TOKEN,
    ),
    token: histogram("inter_token_latency_seconds", "Between two pieces of one answer.", TOKEN),
    tokenOfRequest: histogram(
      "request_time_per_output_token_seconds",
      "Mean time of an answer's tokens after the first.",
      TOKEN,
    ),
    latency: histogram("e2e_request_latency_seconds", "From arrival to the end.", LATENCY),
    queue: histogram("request_queue_time_seconds", "Wait for a slot.", LATENCY),
    inference: histogram("request_inference_time_seconds", "From the slot to the end.", LATENCY),
    prefill: histogram(
      "request_prefill_time_seconds",
      "From the slot to the first token.",
      LATENCY,
    ),
    decode: histogram("request_decode_time_seconds", "From the first token to the end.", LATENCY),
    promptOfRequest: histogram("request_prompt_tokens", "Tokens of a prompt.", TOKENS),
    generationOfRequest: histogram("request_generation_tokens", "Tokens of an answer.", TOKENS),
    prompt: counter("prompt_tokens_total", "Tokens of prompts."),
    generation: counter("generation_tokens_total", "Tokens written."),
    prefixQueries: counter(
      "prefix_cache_queries_total",
      "Tokens of prompts that were looked for in the cache.",
    ),
    prefixHits: counter("prefix_cache_hits_total", "Of them those that were found there."),
    success: new PlainCounter({
      name: "vllm:request_success_total",
      help: "Requests by how they ended: stop, length, abort (the client left) or error.",
      labelNames: ["model_name", "finished_reason"],
      registry,
    }),
  };
}

/** One request, from its arrival to its end. */
export class RequestMetrics {
  readonly #model: ModelSeries;
  readonly #arrivedMs = performance.now();
  #state: "waiting" | "running" | "over" = "waiting";
  #startedMs: number | undefined;
  #firstTokenMs: number | undefined;
  #lastTokenMs = 0;
  #promptTokens = 0;
  #completionTokens = 0;
  #positions = 0;

  constructor(model: ModelSeries) {
    this.#model = model;
    model.now.waiting += 1;
  }

  /** It has a slot. */
  started(): void {
    if (this.#state !== "waiting") return;
    this.#state = "running";
    this.#startedMs = performance.now();
    const { now } = this.#model;
    now.waiting -= 1;
    now.running += 1;
  }

  prompt(tokens: number): void {
    this.#promptTokens = tokens;
    this.#take(tokens);
    this.#model.prompt.add(tokens);
    this.#model.prefixQueries.add(tokens);
  }

  /** Texts that leave nothing in the cache. */
  read(tokens: number): void {
    this.#model.prompt.add(tokens);
  }

  /** A piece of the answer. */
  wrote(tokens: number): void {
    const nowMs = performance.now();
    if (this.#firstTokenMs === undefined) {
      this.#firstTokenMs = nowMs;
      this.#model.firstToken.observe((nowMs - this.#arrivedMs) / 1_000);
    } else this.#model.token.observe((nowMs - this.#lastTokenMs) / 1_000);
    this.#lastTokenMs = nowMs;
    this.count(tokens);
  }

  /** Tokens that made no piece of their own. */
  count(tokens: number): void {
    this.#completionTokens += tokens;
    this.#take(tokens);
    this.#model.generation.add(tokens);
  }

  cached(tokens: number): void {
    this.#model.prefixHits.add(tokens);
  }

  /** The end, however it came; the first one counts. */
  ended(reason: FinishedReason): void {
    if (this.#state === "over") return;
    const { now, success, queue, latency } = this.#model;
    now[this.#state] -= 1;
    this.#state = "over";
    now.cachedPositions -= this.#positions;
    const nowMs = performance.now();
    success[reason].add(1);
    queue.observe(((this.#startedMs ?? nowMs) - this.#arrivedMs) / 1_000);
    latency.observe((nowMs - this.#arrivedMs) / 1_000);
    if (this.#firstTokenMs === undefined) return;
    this.#wroteUntil(nowMs, this.#firstTokenMs);
  }

  #wroteUntil(nowMs: number, firstTokenMs: number): void {
    const model = this.#model;
    const startedMs = this.#startedMs ?? nowMs;
    const decodeSeconds = (nowMs - firstTokenMs) / 1_000;
    model.inference.observe((nowMs - startedMs) / 1_000);
    model.prefill.observe((firstTokenMs - startedMs) / 1_000);
    model.decode.observe(decodeSeconds);
    model.promptOfRequest.observe(this.#promptTokens);
    model.generationOfRequest.observe(this.#completionTokens);
    if (this.#completionTokens < 2) return;
    model.tokenOfRequest.observe(decodeSeconds / (this.#completionTokens - 1));
  }

  #take(positions: number): void {
    this.#positions += positions;
    this.#model.now.cachedPositions += positions;
  }
}

/** @param finishReason of the protocol. */
export function toFinishedReason(finishReason: FinishReason): FinishedReason {
  return finishReason === "length" ? "length" : "stop";
}

const byValue = (one: number, other: number) => one - other;
