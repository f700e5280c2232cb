/**
 * Goal: a request is one trace, from the client's own span over each worker that was asked to what that
 * worker did. Method: route handlers and workers over HTTP, and a collector that reads what is exported.
 */
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, beforeEach, expect, test, vi } from "vitest";

vi.hoisted(() => {
  process.env.PARLEY_WORKER_SECRET = "a secret of the tests";
  process.env.PARLEY_API_KEY = "api-key-of-the-tests";
  process.env.OTEL_BSP_SCHEDULE_DELAY = "20";
});

import { env } from "@/lib/env";
import { startTracing } from "@/lib/telemetry/start-tracing";
import { tracer } from "@/lib/telemetry/trace";
import { type ApiServer, startApiServer } from "./__fixtures__/api-server";

const SECRET = "the plans of the lighthouse keeper";
const TRACE = "0af7651916cd43dd8448eb211c80319c";
const CLIENT_SPAN = "b7ad6b7169203331";
const SERVER = 2;
const CLIENT = 3;
const FAILED = 2;

type Span = {
  name: string;
  kind: number;
  traceId: string;
  spanId: string;
  parentSpanId: string | undefined;
  status: { code?: number };
  attributes: Record<string, unknown>;
};

let api: ApiServer;
let collector: Server;
let stopTracing: () => Promise<void>;
const bodies: string[] = [];
const resources: Record<string, unknown>[] = [];
let spans: Span[] = [];

beforeAll(async () => {
  collector = createServer(async (request, response) => {
    let body = "";
    for await (const chunk of request) body += chunk;
    expect([request.method, request.url]).toEqual(["POST", "/v1/traces"]);
    bodies.push(body);
    for (const { resource, scopeSpans } of JSON.parse(body).resourceSpans) {
      resources.push(toObject(resource.attributes));
      for (const { spans: sent } of scopeSpans) spans.push(...sent.map(toSpan));
    }
    response.writeHead(200, { "content-type": "application/json" }).end("{}");
  });
  await new Promise<void>((resolve) => collector.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(collector.address() as AddressInfo).port}`;
  process.env.OTEL_EXPORTER_OTLP_ENDPOINT = url;
  process.env.OTEL_RESOURCE_ATTRIBUTES = "deployment.environment.name=tests";
  Object.assign(env(), { OTEL_EXPORTER_OTLP_ENDPOINT: url });
  api = await startApiServer();
  await api.addWorker({ models: ["mock/echo", "mock/slow", "mock/reader"] });
  stopTracing = await startTracing("parley-web");
});
afterAll(async () => {
  await stopTracing();
  collector.closeAllConnections();
  collector.close();
  await api.close();
});
beforeEach(() => {
  spans = [];
});

function toSpan({ attributes, ...span }: Omit<Span, "attributes"> & { attributes: Pair[] }): Span {
  return {
    ...span,
    parentSpanId: span.parentSpanId || undefined,
    attributes: toObject(attributes),
  };
}

type Pair = { key: string; value: Record<string, unknown> };

/** Attributes as OTLP's JSON has them. */
function toObject(pairs: Pair[]): Record<string, unknown> {
  const toValue = (value: Record<string, unknown>): unknown => {
    const [[kind, inner] = []] = Object.entries(value);
    if (kind !== "arrayValue") return kind === "intValue" ? Number(inner) : inner;
    return (inner as { values: Record<string, unknown>[] }).values.map(toValue);
  };
  return Object.fromEntries(pairs.map(({ key, value }) => [key, toValue(value)]));
}

function post(
  path: string,
  body: object,
  headers: Record<string, string> = {},
  signal?: AbortSignal,
) {
  return fetch(`${api.url}${path}`, {
    method: "POST",
    headers: {
      ...{ "content-type": "application/json", authorization: "Bearer api-key-of-the-tests" },
      ...headers,
    },
    body: JSON.stringify(body),
    ...(signal && { signal }),
  });
}

const chat = (model: string, more: object = {}) => ({
  ...{ model, messages: [{ role: "user", content: SECRET }], max_tokens: 8, temperature: 0.5 },
  ...more,
});

/** All of a request's spans, once so many have come. */
async function exported(count: number): Promise<Span[]> {
  await vi.waitFor(() => expect(spans).toHaveLength(count), { timeout: 10_000, interval: 10 });
  return spans;
}

test("a streamed chat: the client's span, the request, the call to the worker, the worker's part", async () => {
  const headers = { traceparent: `00-${TRACE}-${CLIENT_SPAN}-01`, "x-request-id": "request-1" };
  const reply = await post("/v1/chat/completions", chat("mock/echo", { stream: true }), headers);
  await reply.text();
  const found = await exported(3);
  const request = found.find((it) => it.name === "POST /v1/chat/completions")!;
  const call = found.find((it) => it.name === "chat mock/echo")!;
  const work = found.find((it) => it.name === "POST /generate")!;
  expect(found.map((it) => it.traceId)).toEqual([TRACE, TRACE, TRACE]);
  expect([request.kind, request.parentSpanId]).toEqual([SERVER, CLIENT_SPAN]);
  expect([call.kind, call.parentSpanId]).toEqual([CLIENT, request.spanId]);
  expect([work.kind, work.parentSpanId]).toEqual([SERVER, call.spanId]);
  expect(request.attributes).toMatchObject({
    ...{ "http.request.method": "POST", "http.route": "/v1/chat/completions" },
    ...{ "http.response.status_code": 200, "parley.request.id": "request-1" },
    ...{ "parley.outcome": "complete", "parley.attempts": 1 },
  });
  expect(call.attributes).toMatchObject({
    ...{ "gen_ai.operation.name": "chat", "gen_ai.provider.name": "parley" },
    ...{ "gen_ai.request.model": "mock/echo", "gen_ai.response.model": "mock/echo" },
    ...{ "gen_ai.request.max_tokens": 8, "gen_ai.request.temperature": 0.5 },
    ...{ "gen_ai.usage.input_tokens": expect.any(Number) },
    ...{ "gen_ai.usage.output_tokens": expect.any(Number) },
    "gen_ai.response.finish_reasons": [expect.stringMatching(/^(stop|length)$/)],
    ...{ "server.address": "127.0.0.1", "server.port": expect.any(Number) },
    "parley.request.id": "request-1",
  });
  expect(call.status.code ?? 0).toBe(0);
  expect(work.attributes).toMatchObject({
    "parley.request.id": "request-1",
    "parley.model": "mock/echo",
  });
  expect(resources.at(-1)).toMatchObject({
    ...{ "service.name": "parley-web", "deployment.environment.name": "tests" },
  });
});

test("each worker that was asked has its span; one that was lost says so", async () => {
  const gone = await api.addWorker({ models: ["mock/random"] });
  await api.addWorker({ models: ["mock/random"] });
  await gone.close();
  for (let count = 1; ; count++) {
    spans = [];
    expect((await post("/v1/chat/completions", chat("mock/random"))).status).toBe(200);
    await vi.waitFor(() => expect(spans.some((it) => it.name.startsWith("POST /v1"))).toBe(true));
    if (spans.some((it) => it.status.code === FAILED) || count > 40) break;
  }
  const calls = spans.filter((it) => it.name === "chat mock/random");
  expect(calls.map((it) => it.attributes["error.type"])).toEqual(["worker-lost", undefined]);
  expect(new Set(calls.map((it) => it.parentSpanId)).size).toBe(1);
  expect(spans.find((it) => it.name.startsWith("POST /v1"))?.attributes["parley.attempts"]).toBe(2);
});

test("a client that leaves ends its spans, with the reason", async () => {
  const leaving = new AbortController();
  const reply = await post(
    "/v1/chat/completions",
    chat("mock/slow", { stream: true, max_tokens: 500 }),
    {},
    leaving.signal,
  );
  await reply.body!.getReader().read();
  leaving.abort();
  const found = await exported(3);
  const errors = Object.fromEntries(found.map((it) => [it.name, it.attributes["error.type"]]));
  expect(errors).toEqual({
    "POST /v1/chat/completions": expect.any(String),
    "chat mock/slow": "client-closed",
    "POST /generate": "client-closed",
  });
});

test("embeddings and refusals are traced, probes and scrapers are not", async () => {
  await fetch(`${api.url}/healthz`);
  await fetch(`${api.url}/metrics`);
  expect((await post("/v1/embeddings", { model: "mock/reader", input: [SECRET] })).status).toBe(
    200,
  );
  expect((await post("/v1/chat/completions", chat("no/such-model"))).status).toBe(404);
  const found = await exported(4);
  expect(found.map((it) => it.name).sort()).toEqual([
    ...[
      "POST /embed",
      "POST /v1/chat/completions",
      "POST /v1/embeddings",
      "embeddings mock/reader",
    ],
  ]);
});

test("a trace that its client does not record is recorded nowhere", async () => {
  const headers = { traceparent: `00-${TRACE}-${CLIENT_SPAN}-00` };
  await post("/v1/chat/completions", chat("mock/echo"), headers);
  await post("/v1/chat/completions", chat("mock/echo"));
  const found = await exported(3);
  expect(found.every((it) => it.traceId !== TRACE)).toBe(true);
});

test("nothing of what was said or of who may ask has left", () => {
  const all = bodies.join("\n");
  expect(all.length).toBeGreaterThan(1_000);
  for (const secret of ["lighthouse", "keeper", "api-key-of-the-tests", "a secret of the tests"]) {
    expect(all).not.toContain(secret);
  }
});

test("without a collector there is no tracer, and with one that is away requests go on", async () => {
  await stopTracing();
  expect(tracer()).toBeUndefined();
  Object.assign(env(), { OTEL_EXPORTER_OTLP_ENDPOINT: undefined });
  await (await startTracing("parley-web"))();
  expect(tracer()).toBeUndefined();
  // Port 9 is the discard service, which nobody runs.
  process.env.OTEL_EXPORTER_OTLP_ENDPOINT = "http://127.0.0.1:9";
  Object.assign(env(), { OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:9" });
  stopTracing = await startTracing("parley-web");
  expect((await post("/v1/chat/completions", chat("mock/echo"))).status).toBe(200);
});
