import { Counter, Gauge, Histogram, type Registry } from "prom-client";
import type { FinishReason } from "@/lib/protocol/generate-event";
import type { WorkerCard } from "@/lib/protocol/worker-card";

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

const labelNames = ["model_name"] as const;
type Measure = Histogram<(typeof labelNames)[number]>;
type Count = Counter<(typeof labelNames)[number]>;

/** What one model's requests do now. */
type ModelNow = { waiting: number; running: number; cachedPositions: number; positions: number };

export class VllmMetrics {
  readonly #firstToken: Measure;
  readonly #token: Measure;
  readonly #tokenOfRequest: Measure;
  readonly #latency: Measure;
  readonly #queue: Measure;
  readonly #inference: Measure;
  readonly #prefill: Measure;
  readonly #decode: Measure;
  readonly #promptOfRequest: Measure;
  readonly #generationOfRequest: Measure;
  readonly #prompt: Count;
  readonly #generation: Count;
  readonly #prefixQueries: Count;
  readonly #prefixHits: Count;
  readonly #success: Counter<"model_name" | "finished_reason">;
  readonly #now = new Map<string, ModelNow>();

  constructor(registry: Registry) {
    const registers = [registry];
    const histogram = (name: string, help: string, buckets: number[]) =>
      new Histogram({
        name: `vllm:${name}`,
        help,
        labelNames,
        buckets: [...buckets].sort(byValue),
        registers,
      });
    const counter = (name: string, help: string) =>
      new Counter({ name: `vllm:${name}`, help, labelNames, registers });
    this.#firstToken = histogram(
      "time_to_first_token_seconds",
      "From arrival to the first token.",
      FIRST_TOKEN,
    );
    this.#token = histogram(
      "inter_token_latency_seconds",
      "Between two pieces of one answer.",
      TOKEN,
    );
    this.#tokenOfRequest = histogram(
      "request_time_per_output_token_seconds",
      "Mean time of an answer's tokens after the first.",
      TOKEN,
    );
    this.#latency = histogram("e2e_request_latency_seconds", "From arrival to the end.", LATENCY);
    this.#queue = histogram("request_queue_time_seconds", "Wait for a slot.", LATENCY);
    this.#inference = histogram(
      "request_inference_time_seconds",
      "From the slot to the end.",
      LATENCY,
    );
    this.#prefill = histogram(
      "request_prefill_time_seconds",
      "From the slot to the first token.",
      LATENCY,
    );
    this.#decode = histogram(
      "request_decode_time_seconds",
      "From the first token to the end.",
      LATENCY,
    );
    this.#promptOfRequest = histogram("request_prompt_tokens", "Tokens of a prompt.", TOKENS);
    this.#generationOfRequest = histogram(
      "request_generation_tokens",
      "Tokens of an answer.",
      TOKENS,
    );
    this.#prompt = counter("prompt_tokens_total", "Tokens of prompts.");
    this.#generation = counter("generation_tokens_total", "Tokens written.");
    this.#prefixQueries = counter(
      "prefix_cache_queries_total",
      "Tokens of prompts that were looked for in the cache.",
    );
    this.#prefixHits = counter("prefix_cache_hits_total", "Of them those that were found there.");
    this.#success = new Counter({
      name: "vllm:request_success_total",
      help: "Requests by how they ended: stop, length, abort (the client left) or error.",
      labelNames: ["model_name", "finished_reason"],
      registers,
    });
    this.#declareGauges(registers);
  }

  #declareGauges(registers: Registry[]): void {
    this.#gauge(registers, "num_requests_running", "Requests that run now.", (it) => it.running);
    this.#gauge(
      registers,
      "num_requests_waiting",
      "Requests that wait for a slot.",
      (it) => it.waiting,
    );
    this.#gauge(
      registers,
      "kv_cache_usage_perc",
      "Share (0 to 1) of the positions of the key-value cache that running answers take.",
      (it) => (it.positions === 0 ? 0 : Math.min(1, it.cachedPositions / it.positions)),
    );
  }

  /** The models are known: each shows zeros before its first request. */
  watch({ models, slots }: Pick<WorkerCard, "models" | "slots">): void {
    for (const { name, contextLength } of models) {
      const positions = slots * contextLength;
      this.#now.set(name, { waiting: 0, running: 0, cachedPositions: 0, positions });
      for (const counter of [
        this.#prompt,
        this.#generation,
        this.#prefixQueries,
        this.#prefixHits,
      ]) {
        counter.inc({ model_name: name }, 0);
      }
      for (const finished_reason of ["stop", "length", "abort", "error"] as const) {
        this.#success.inc({ model_name: name, finished_reason }, 0);
      }
    }
  }

  /** A request for one of the card's models arrives. */
  enter(model: string): RequestMetrics {
    const now = this.#now.get(model) ?? {
      waiting: 0,
      running: 0,
      cachedPositions: 0,
      positions: 0,
    };
    this.#now.set(model, now);
    const label = { model_name: model };
    return new RequestMetrics(now, {
      token: (seconds) => this.#token.observe(label, seconds),
      firstToken: (seconds) => this.#firstToken.observe(label, seconds),
      prompt: (tokens) => {
        this.#prompt.inc(label, tokens);
        this.#prefixQueries.inc(label, tokens);
      },
      read: (tokens) => this.#prompt.inc(label, tokens),
      generation: (tokens) => this.#generation.inc(label, tokens),
      cached: (tokens) => this.#prefixHits.inc(label, tokens),
      ended: (reason, times) => {
        this.#success.inc({ ...label, finished_reason: reason });
        this.#queue.observe(label, times.queuedSeconds);
        this.#latency.observe(label, times.seconds);
        if (times.firstTokenSeconds === undefined) return;
        this.#inference.observe(label, times.seconds - times.queuedSeconds);
        this.#prefill.observe(label, times.firstTokenSeconds - times.queuedSeconds);
        this.#decode.observe(label, times.seconds - times.firstTokenSeconds);
        this.#promptOfRequest.observe(label, times.promptTokens);
        this.#generationOfRequest.observe(label, times.completionTokens);
        if (times.completionTokens < 2) return;
        const rest = times.seconds - times.firstTokenSeconds;
        this.#tokenOfRequest.observe(label, rest / (times.completionTokens - 1));
      },
    });
  }

  #gauge(registers: Registry[], name: string, help: string, read: (now: ModelNow) => number): void {
    const models = this.#now;
    new Gauge({
      ...{ name: `vllm:${name}`, help, labelNames, registers },
      collect() {
        for (const [model, now] of models) this.set({ model_name: model }, read(now));
      },
    });
  }
}

type Times = {
  queuedSeconds: number;
  seconds: number;
  /** Undefined for what wrote nothing. */
  firstTokenSeconds: number | undefined;
  promptTokens: number;
  completionTokens: number;
};

type Sinks = {
  token(seconds: number): void;
  firstToken(seconds: number): void;
  prompt(tokens: number): void;
  read(tokens: number): void;
  generation(tokens: number): void;
  cached(tokens: number): void;
  ended(reason: FinishedReason, times: Times): void;
};

/** One request, from its arrival to its end. */
export class RequestMetrics {
  readonly #now: ModelNow;
  readonly #sinks: Sinks;
  readonly #arrivedMs = performance.now();
  #state: "waiting" | "running" | "over" = "waiting";
  #startedMs: number | undefined;
  #firstTokenMs: number | undefined;
  #lastTokenMs = 0;
  #promptTokens = 0;
  #completionTokens = 0;
  #positions = 0;

  constructor(now: ModelNow, sinks: Sinks) {
    this.#now = now;
    this.#sinks = sinks;
    now.waiting += 1;
  }

  /** It has a slot. */
  started(): void {
    if (this.#state !== "waiting") return;
    this.#state = "running";
    this.#startedMs = performance.now();
    this.#now.waiting -= 1;
    this.#now.running += 1;
  }

  prompt(tokens: number): void {
    this.#promptTokens = tokens;
    this.#take(tokens);
    this.#sinks.prompt(tokens);
  }

  /** Texts that leave nothing in the cache. */
  read(tokens: number): void {
    this.#sinks.read(tokens);
  }

  /** A piece of the answer. */
  wrote(tokens: number): void {
    const nowMs = performance.now();
    if (this.#firstTokenMs === undefined) {
      this.#firstTokenMs = nowMs;
      this.#sinks.firstToken((nowMs - this.#arrivedMs) / 1_000);
    } else this.#sinks.token((nowMs - this.#lastTokenMs) / 1_000);
    this.#lastTokenMs = nowMs;
    this.count(tokens);
  }

  /** Tokens that made no piece of their own. */
  count(tokens: number): void {
    this.#completionTokens += tokens;
    this.#take(tokens);
    this.#sinks.generation(tokens);
  }

  cached(tokens: number): void {
    this.#sinks.cached(tokens);
  }

  /** The end, however it came; the first one counts. */
  ended(reason: FinishedReason): void {
    if (this.#state === "over") return;
    this.#now[this.#state] -= 1;
    this.#state = "over";
    this.#now.cachedPositions -= this.#positions;
    const nowMs = performance.now();
    const since = (ms: number) => (ms - this.#arrivedMs) / 1_000;
    this.#sinks.ended(reason, {
      queuedSeconds: since(this.#startedMs ?? nowMs),
      seconds: since(nowMs),
      firstTokenSeconds: this.#firstTokenMs === undefined ? undefined : since(this.#firstTokenMs),
      promptTokens: this.#promptTokens,
      completionTokens: this.#completionTokens,
    });
  }

  #take(positions: number): void {
    this.#positions += positions;
    this.#now.cachedPositions += positions;
  }
}

/** @param finishReason of the protocol. */
export function toFinishedReason(finishReason: FinishReason): FinishedReason {
  return finishReason === "length" ? "length" : "stop";
}

const byValue = (one: number, other: number) => one - other;
