import { Registry } from "prom-client";
import { beforeEach, expect, test, vi } from "vitest";
import { VllmMetrics } from "./vllm-metrics";

let registry: Registry;
let metrics: VllmMetrics;
let nowMs = 0;

const model = {
  ...{ name: "pico", build: "b", contextLength: 100, features: [] },
  description: { skills: [], examplePrompts: [] },
};

/** The value behind a name and its labels, as a scraper reads it. */
async function read(series: string): Promise<number | undefined> {
  const line = (await registry.metrics()).split("\n").find((it) => it.startsWith(`${series} `));
  return line === undefined ? undefined : Number(line.split(" ").at(-1));
}
const of = (name: string, labels = "") => read(`vllm:${name}{model_name="pico"${labels}}`);

beforeEach(() => {
  registry = new Registry();
  metrics = new VllmMetrics(registry);
  metrics.watch({ models: [model], slots: 2 });
  vi.spyOn(performance, "now").mockImplementation(() => nowMs);
});

test("a request is shown from its arrival to its end", async () => {
  const request = metrics.enter("pico");
  expect(await of("num_requests_waiting")).toBe(1);
  nowMs += 400;
  request.started();
  expect([await of("num_requests_waiting"), await of("num_requests_running")]).toEqual([0, 1]);
  request.prompt(40);
  nowMs += 100;
  request.wrote(1);
  nowMs += 30;
  request.wrote(9);
  expect(await of("kv_cache_usage_perc")).toBeCloseTo(50 / 200);
  nowMs += 470;
  request.count(1);
  request.cached(32);
  request.ended("stop");
  request.ended("error");

  expect([await of("num_requests_running"), await of("kv_cache_usage_perc")]).toEqual([0, 0]);
  expect(await of("prompt_tokens_total")).toBe(40);
  expect(await of("generation_tokens_total")).toBe(11);
  expect([await of("prefix_cache_queries_total"), await of("prefix_cache_hits_total")]).toEqual([
    ...[40, 32],
  ]);
  expect(await of("time_to_first_token_seconds_sum")).toBeCloseTo(0.5);
  expect(await of("inter_token_latency_seconds_sum")).toBeCloseTo(0.03);
  expect(await of("inter_token_latency_seconds_count")).toBe(1);
  expect(await of("e2e_request_latency_seconds_sum")).toBeCloseTo(1);
  expect(await of("request_queue_time_seconds_sum")).toBeCloseTo(0.4);
  expect(await of("request_prefill_time_seconds_sum")).toBeCloseTo(0.1);
  expect(await of("request_decode_time_seconds_sum")).toBeCloseTo(0.5);
  expect(await of("request_time_per_output_token_seconds_sum")).toBeCloseTo(0.05);
  const ended = (reason: string) => of("request_success_total", `,finished_reason="${reason}"`);
  expect([await ended("stop"), await ended("error"), await ended("abort")]).toEqual([1, 0, 0]);
});

test("who leaves before a slot is free leaves nothing behind", async () => {
  const request = metrics.enter("pico");
  request.ended("abort");
  request.started();
  expect([await of("num_requests_waiting"), await of("num_requests_running")]).toEqual([0, 0]);
  expect(await of("time_to_first_token_seconds_count")).toBeUndefined();
});

test("bounds are those of vLLM, so that its dashboards' quantiles mean the same", async () => {
  metrics.enter("pico").ended("stop");
  const text = await registry.metrics();
  const bounds = [...text.matchAll(/vllm:e2e_request_latency_seconds_bucket\{le="([^"]+)"/g)];
  expect(bounds.map(([, le]) => le).join(" ")).toBe(
    "0.3 0.5 0.8 1 1.5 2 2.5 5 10 15 20 30 40 50 60 120 240 480 960 1920 7680 +Inf",
  );
});
