import { beforeEach, expect, test } from "vitest";
import type { Controller } from "@/lib/controller/controller";
import { AppError } from "@/lib/errors";
import type { AdminWorker } from "@/lib/protocol/arena-view";
import { metrics } from "@/lib/telemetry/metrics";
import { refreshWorkerMetrics } from "./worker-metrics";
import { WorkerTraffic, workerTraffic } from "./worker-traffic";

/** What the gauges read of a worker; the rest of its row is none of their business. */
const worker = (id: string, more: Partial<AdminWorker> = {}) =>
  ({
    ...{ id, address: `http://${id}`, state: "ready", breaker: "closed", slots: 8 },
    ...{ running: 3, waiting: 1, outstandingTokens: 70, tokensPerSecond: null },
    ...more,
  }) as AdminWorker;

const controllerOf = (workers: AdminWorker[]) =>
  ({ listWorkers: async () => workers, inFlight: () => 3 }) as unknown as Controller;

async function read(workers: AdminWorker[]): Promise<string[]> {
  await refreshWorkerMetrics(controllerOf(workers));
  const text = await metrics.metrics();
  return text.split("\n").filter((it) => /^(parley_worker|vllm:)/.test(it));
}

let nowMs = 0;
let traffic: WorkerTraffic;
beforeEach(() => {
  nowMs = 1_000_000;
  traffic = new WorkerTraffic(() => nowMs);
});

test("shows the workers of now, and none of the past", async () => {
  const end = workerTraffic().begin("a");
  const lines = await read([
    worker("a"),
    worker("b", { state: "lost" }),
    worker("c", { breaker: "open" }),
  ]);
  for (const line of [
    'parley_workers{state="ready"} 2',
    'parley_workers{state="lost"} 1',
    'parley_workers{state="draining"} 0',
    'parley_worker_breaker_state{server="http://c"} 1',
    'parley_worker_outstanding_tokens{server="http://a"} 70',
    'vllm:num_requests_running{server="http://a"} 3',
    'vllm:num_requests_waiting{server="http://a"} 1',
    'vllm:num_decoding_requests{server="http://a"} 1',
    'vllm:num_prefill_requests{server="http://a"} 2',
    'vllm:healthy_pods_total{server="http://a"} 1',
    'vllm:healthy_pods_total{server="http://c"} 0',
  ]) {
    expect(lines).toContain(line);
  }
  expect(lines.filter((it) => it.includes("http://b"))).toEqual([]);
  expect(lines.filter((it) => it.startsWith("parley_worker_tokens_per_second"))).toEqual([]);
  end({ latencyMs: 1, decodeMs: 1, tokens: 1 });
  const later = await read([worker("c")]);
  expect(later.filter((it) => it.includes("http://a"))).toEqual([]);
});

test("a process that has never read its registry shows its other numbers", async () => {
  const away = {
    listWorkers: () => Promise.reject(new AppError("no-worker", { message: "Away." })),
  };
  await refreshWorkerMetrics(away as unknown as Controller);
  expect(await metrics.metrics()).toContain('parley_workers{state="ready"} 0');
});

test("averages are of the last minute", () => {
  traffic.begin("a")({ latencyMs: 1_000, decodeMs: 900, tokens: 10 });
  const end = traffic.begin("a");
  expect(traffic.read("a")).toMatchObject({
    decoding: 1,
    latencySeconds: 1,
    tokenSeconds: 0.1,
    tokens: 10,
  });
  nowMs += 30_000;
  end({ latencyMs: 3_000, decodeMs: 0, tokens: 1 });
  expect(traffic.read("a")).toEqual({
    ...{ decoding: 0, answersPerSecond: 2 / 60, latencySeconds: 2, tokenSeconds: 0.1, tokens: 5.5 },
  });
  nowMs += 40_000;
  expect(traffic.read("a")).toMatchObject({
    answersPerSecond: 1 / 60,
    latencySeconds: 3,
    tokenSeconds: 0,
  });
  nowMs += 60_000;
  expect(traffic.read("a")).toMatchObject({ answersPerSecond: 0, latencySeconds: 0, tokens: 0 });
});

test("a worker that is gone is forgotten when its last answer is", () => {
  const end = traffic.begin("a");
  traffic.keep(new Set());
  expect(traffic.read("a").decoding).toBe(1);
  end({ latencyMs: 1, decodeMs: 1, tokens: 2 });
  traffic.keep(new Set());
  expect(traffic.read("a").tokens).toBe(0);
});
