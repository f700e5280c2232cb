/**
 * Goal: the server answers what it should to callers good and bad, and is never held by one.
 * Method: real sockets; the client's own tests cover the stream as the web sees it.
 */
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { Registry } from "prom-client";
import { afterEach, describe, expect, test, vi } from "vitest";
import { WORKER_BODY_BYTES_MAX } from "@/lib/limits";
import type { GenerateEvent } from "@/lib/protocol/generate-event";
import { log as realLog } from "@/lib/telemetry/log";
import type { Backend } from "./backend";
import { createMockBackend } from "./backends/mock";
import { WorkerServer } from "./server";
import { startTestWorker, TEST_SECRET, type TestWorker, testRequest } from "./server-testing";

const closers: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

async function start(options: Parameters<typeof startTestWorker>[0] = {}): Promise<TestWorker> {
  const worker = await startTestWorker(options);
  closers.push(() => worker.close());
  return worker;
}

const AUTHORIZATION = { authorization: `Bearer ${TEST_SECRET}` };

function post(worker: TestWorker, path: string, body: BodyInit, headers: HeadersInit = {}) {
  return fetch(`${worker.address}${path}`, {
    method: "POST",
    body,
    headers: { ...AUTHORIZATION, "content-type": "application/json", ...headers },
  });
}

async function expectError(reply: Response, status: number, error: Record<string, unknown>) {
  expect(reply.status).toBe(status);
  expect(await reply.json()).toEqual({
    error: { message: expect.any(String), retryable: false, ...error },
  });
}

/** A backend that yields what it is told, for what the mock never does. */
function scripted(generate: Backend["generate"]): Backend {
  return { ...createMockBackend({ models: ["mock/echo"], slots: 2 }), generate };
}

describe("who may call", () => {
  test.each([
    ["none", undefined],
    ["a wrong one", "Bearer nonsense"],
    ["the secret without its scheme", TEST_SECRET],
    ["one with a tail", `Bearer ${TEST_SECRET}x`],
  ])("with %s as secret every path is closed", async (_name, authorization) => {
    const worker = await start();
    const headers: HeadersInit = authorization ? { authorization } : {};
    for (const path of ["/card", "/metrics", "/generate", "/no-such-path"]) {
      const reply = await fetch(`${worker.address}${path}`, { headers });
      expect(reply.headers.get("www-authenticate")).toBe("Bearer");
      await expectError(reply, 401, { code: "unauthenticated" });
    }
  });

  test("health is open", async () => {
    const worker = await start();
    const reply = await fetch(`${worker.address}/health`);
    expect(reply.status).toBe(200);
    expect(await reply.json()).toEqual({ state: "ready", instanceId: worker.server.instanceId });
  });

  test.each([
    ["/healthz", { status: "ok" }],
    ["/readyz", { status: "ready" }],
  ])("probes ask %s without a secret", async (path, body) => {
    const worker = await start();
    const reply = await fetch(`${worker.address}${path}`);
    expect([reply.status, await reply.json()]).toEqual([200, body]);
    expect((await fetch(`${worker.address}${path}`, { method: "POST" })).status).toBe(405);
  });
});

describe("what is asked", () => {
  test("the card", async () => {
    const worker = await start({ slots: 3, limits: { waitingMax: 9 } });
    const reply = await fetch(`${worker.address}/card`, { headers: AUTHORIZATION });
    expect(await reply.json()).toMatchObject({
      kind: "mock",
      name: "test",
      slots: 3,
      waitingMax: 9,
    });
  });

  test("unknown path and wrong method", async () => {
    const worker = await start();
    const missing = await fetch(`${worker.address}/nothing`, { headers: AUTHORIZATION });
    await expectError(missing, 404, { code: "not-found" });
    const reply = await fetch(`${worker.address}/generate`, { headers: AUTHORIZATION });
    expect(reply.headers.get("allow")).toBe("POST");
    await expectError(reply, 405, { code: "method-not-allowed" });
  });

  test("bodies that are not what they should be name the field", async () => {
    const worker = await start();
    const good = testRequest("mock/echo");
    const cases: [string, BodyInit, string | undefined][] = [
      ["/generate", "{", undefined],
      ["/generate", Buffer.from([0x22, 0xff, 0x22]), undefined],
      ["/generate", "null", undefined],
      ["/generate", JSON.stringify({ ...good, messages: [] }), "messages"],
      ["/generate", JSON.stringify({ ...good, sampling: { topP: 0 } }), "sampling.topP"],
      ["/generate", JSON.stringify({ ...good, party: true }), undefined],
      ["/embed", JSON.stringify({ requestId: "r", model: "mock/echo", inputs: [""] }), "inputs.0"],
      ["/detokenize", JSON.stringify({ model: "mock/echo", ids: [-1] }), "ids.0"],
    ];
    for (const [path, body, param] of cases) {
      const error = { code: "invalid-request", ...(param ? { param } : {}) };
      await expectError(await post(worker, path, body), 400, error);
    }
    const typed = await post(worker, "/generate", "{}", { "content-type": "text/plain" });
    await expectError(typed, 415, { code: "unsupported-media-type" });
  });

  test("a body too large is refused, announced or not, and the worker goes on", async () => {
    const worker = await start();
    const large = "x".repeat(WORKER_BODY_BYTES_MAX + 1);
    await expectError(await post(worker, "/generate", large), 413, { code: "body-too-large" });
    const chunks = new ReadableStream({
      start(controller) {
        for (let sent = 0; sent <= WORKER_BODY_BYTES_MAX; sent += 65_536) {
          controller.enqueue(new Uint8Array(65_536));
        }
        controller.close();
      },
    });
    // Node's fetch asks for the half-open mode by name when a body streams; its types lag behind.
    const streamed = { method: "POST", body: chunks, duplex: "half" } as RequestInit;
    const headers = { ...AUTHORIZATION, "content-type": "application/json" };
    const reply = await fetch(`${worker.address}/generate`, { ...streamed, headers });
    await expectError(reply, 413, { code: "body-too-large" });
    expect((await fetch(`${worker.address}/health`)).status).toBe(200);
  });

  test("a model it does not have takes no slot", async () => {
    const worker = await start();
    const reply = await post(worker, "/generate", JSON.stringify(testRequest("no/model")));
    await expectError(reply, 404, { code: "model-not-found", param: "model" });
  });
});

describe("its life", () => {
  test("while it loads it says so and refuses work", async () => {
    const server = new WorkerServer({
      secret: TEST_SECRET,
      registry: new Registry(),
      log: realLog.child({}, { level: "silent" }),
    });
    const address = `http://127.0.0.1:${await server.listen(0, "127.0.0.1")}`;
    closers.push(() => server.close());
    const health = await fetch(`${address}/health`);
    expect([health.status, await health.json()]).toMatchObject([503, { state: "loading" }]);
    const ready = await fetch(`${address}/readyz`);
    const notReady = { status: "not-ready", reason: "loading" };
    expect([ready.status, await ready.json()]).toEqual([503, notReady]);
    expect((await fetch(`${address}/healthz`)).status).toBe(200);
    const card = await fetch(`${address}/card`, { headers: AUTHORIZATION });
    await expectError(card, 503, { code: "overloaded", retryable: true });
  });

  test("draining lets the running finish, refuses the waiting and the new", async () => {
    const worker = await start({ slots: 1 });
    const slow = await post(worker, "/generate", JSON.stringify(testRequest("mock/long")));
    const queued = await post(worker, "/generate", JSON.stringify(testRequest("mock/echo")));
    const drained = worker.server.drain(AbortSignal.timeout(20_000));
    expect(worker.server.load()).toMatchObject({ state: "draining", running: 1, waiting: 0 });
    expect((await fetch(`${worker.address}/health`)).status).toBe(503);
    expect((await fetch(`${worker.address}/readyz`)).status).toBe(503);
    expect((await fetch(`${worker.address}/healthz`)).status).toBe(200);
    const late = await post(worker, "/generate", JSON.stringify(testRequest("mock/echo")));
    expect(late.headers.get("retry-after")).toBe("2");
    await expectError(late, 503, { code: "overloaded", retryable: true });
    expect(await lastEvent(queued)).toMatchObject({ type: "generation-error", code: "overloaded" });
    expect(await lastEvent(slow)).toMatchObject({ type: "generation-end" });
    await drained;
  });

  test("an answer that outlasts draining ends with worker-lost", async () => {
    const worker = await start();
    const reply = await post(worker, "/generate", JSON.stringify(testRequest("mock/never")));
    await worker.server.drain(AbortSignal.abort());
    expect(await lastEvent(reply)).toMatchObject({ code: "worker-lost", retryable: true });
    expect(worker.server.load().running).toBe(0);
  });
});

describe("what it counts and logs", () => {
  test("requests, tokens and how they ended", async () => {
    const worker = await start();
    for (const model of ["mock/echo", "mock/fails-after-3-tokens", "no/model"]) {
      await (await post(worker, "/generate", JSON.stringify(testRequest(model)))).text();
    }
    const prompt = await worker.metric('parley_worker_tokens_total{kind="prompt"}');
    expect(prompt).toBeGreaterThan(0);
    expect(worker.server.load().counters).toEqual({
      requests: 3,
      failures: 1,
      promptTokens: prompt,
      completionTokens: 8,
    });
    const requests = (outcome: string) =>
      worker.metric(`parley_worker_requests_total{call="generate",outcome="${outcome}"}`);
    expect([await requests("done"), await requests("failed"), await requests("refused")]).toEqual([
      1, 1, 1,
    ]);
  });

  test("tokens of a prompt that were found ready", async () => {
    const mock = createMockBackend({ models: [], slots: 1, tokenMs: 0 });
    const backend: Backend = {
      ...mock,
      async *generate(request, signal) {
        for await (const event of mock.generate(request, signal)) {
          yield event.type === "generation-end"
            ? { ...event, usage: { ...event.usage, cachedPromptTokens: 5 } }
            : event;
        }
      },
    };
    const worker = await start({ backend });
    const reply = await post(worker, "/generate", JSON.stringify(testRequest("mock/echo")));
    expect(await lastEvent(reply)).toMatchObject({ usage: { cachedPromptTokens: 5 } });
    expect(await worker.metric("parley_worker_cached_prompt_tokens_total")).toBe(5);
  });

  test("the request's id is in the log, its content and the secret are not", async () => {
    const lines: string[] = [];
    const keep = (fields: object, text: string) => void lines.push(JSON.stringify(fields) + text);
    const log = { ...realLog, info: keep, error: keep, debug: keep, warn: keep } as typeof realLog;
    const worker = await start({ log });
    const request = testRequest("mock/echo", { requestId: "id-to-follow" });
    await (await post(worker, "/generate", JSON.stringify(request))).text();
    await post(worker, "/generate", JSON.stringify({ ...request, secretField: "three" }));
    await vi.waitFor(() => expect(lines.length).toBeGreaterThanOrEqual(2));
    const all = lines.join("\n");
    expect(all).toContain("id-to-follow");
    expect(all).not.toMatch(/three|four/);
    expect(all).not.toContain(TEST_SECRET);
  });
});

describe("clients that do not behave", () => {
  test("a request that trickles in is ended by the limit, in our shape", async () => {
    const worker = await start({ limits: { bodyMsMax: 100 } });
    const socket = open(worker);
    socket.write(
      `POST /generate HTTP/1.1\r\nhost: x\r\nauthorization: ${AUTHORIZATION.authorization}`,
    );
    expect(await everything(socket)).toMatch(/^HTTP\/1\.1 408 [\s\S]*"code":"invalid-request"/);
  });

  test("a body that never comes is ended by the limit", async () => {
    const worker = await start({ limits: { bodyMsMax: 100 } });
    const socket = open(worker);
    socket.write(
      `POST /generate HTTP/1.1\r\nhost: x\r\nauthorization: ${AUTHORIZATION.authorization}\r\n` +
        "content-type: application/json\r\ncontent-length: 100\r\n\r\n{",
    );
    expect(await everything(socket)).toMatch(/^HTTP\/1\.1 408 /);
    expect(worker.server.load().running).toBe(0);
  });

  test("what is no HTTP gets a 400 in our shape", async () => {
    const worker = await start();
    const socket = open(worker);
    socket.write("what is this\r\n\r\n");
    expect(await everything(socket)).toMatch(/^HTTP\/1\.1 400 [\s\S]*"code":"invalid-request"/);
  });

  test("a reader that does not read holds the model back, and leaving frees the slot", async () => {
    const torrent = new Torrent();
    const worker = await start({ backend: torrent.backend });
    const socket = await openWithoutReading(worker);
    // Made stands still once the socket's buffers are full: two looks a turn apart agree.
    let before = -1;
    await vi.waitFor(
      () => {
        const now = torrent.made;
        const isStill = now > 0 && now === before;
        before = now;
        expect(isStill).toBe(true);
      },
      { interval: 100, timeout: 10_000 },
    );
    expect(torrent.made).toBeLessThan(Torrent.all);
    expect(worker.server.load().running).toBe(1);
    socket.destroy();
    await worker.whenIdle();
    expect(torrent.made).toBeLessThan(Torrent.all);
  });
});

describe("limits of time", () => {
  test("a reader that takes nothing for too long is cut off and its slot freed", async () => {
    const { backend } = new Torrent();
    const worker = await start({ backend, limits: { stallMsMax: 50 } });
    await openWithoutReading(worker);
    await vi.waitFor(() => expect(worker.server.load().counters.requests).toBe(1));
    expect(worker.server.load().running).toBe(0);
    expect(await worker.metric("parley_worker_aborts_total")).toBe(1);
  });

  test("an answer that takes too long ends with timeout", async () => {
    const worker = await start({ limits: { generationMsMax: 50 } });
    const reply = await post(worker, "/generate", JSON.stringify(testRequest("mock/never")));
    expect(await lastEvent(reply)).toMatchObject({ type: "generation-error", code: "timeout" });
    await worker.whenIdle();
  });

  test("who waits for a slot too long is refused as overloaded", async () => {
    const worker = await start({ slots: 1, limits: { slotWaitMsMax: 50 } });
    const busy = await post(worker, "/generate", JSON.stringify(testRequest("mock/never")));
    const reply = await post(worker, "/generate", JSON.stringify(testRequest("mock/echo")));
    expect(await lastEvent(reply)).toMatchObject({ code: "overloaded", retryable: true });
    await busy.body?.cancel();
    await worker.whenIdle();
  });
});

describe("backends that do not behave", () => {
  const delta: GenerateEvent = { type: "text-delta", text: "x", tokens: 1 };
  test.each([
    ["no end", [() => start0]],
    ["a delta first", [() => delta]],
    ["two starts", [() => start0, () => start0]],
    ["a bug", [() => start0, () => JSON.parse("{")]],
  ] as [string, (() => GenerateEvent)[]][])(
    "%s becomes an internal error",
    async (_name, makers) => {
      const backend = scripted(async function* () {
        for (const make of makers) yield make();
      });
      const worker = await start({ backend });
      const reply = await post(worker, "/generate", JSON.stringify(testRequest("mock/echo")));
      const last = await lastEvent(reply);
      expect(last).toMatchObject({ type: "generation-error", code: "internal" });
      expect(JSON.stringify(last)).not.toContain("JSON");
      await worker.whenIdle();
    },
  );
});

const start0: GenerateEvent = {
  type: "generation-start",
  model: "mock/echo",
  build: "b",
  promptTokens: 1,
  sampling: { temperature: 1, topP: 1, seed: 1 },
  maxTokens: 9,
};

/** More text than any socket's buffers hold, counted as it is asked for. */
class Torrent {
  static readonly all = 10_000;
  made = 0;
  readonly backend = scripted(() => this.#run());

  async *#run(): AsyncGenerator<GenerateEvent> {
    yield start0;
    for (; this.made < Torrent.all; this.made++) {
      yield { type: "text-delta", text: "x".repeat(16_384), tokens: 1 };
    }
  }
}

/** A generation whose answer is never read: without a data listener a socket stays paused. */
async function openWithoutReading(worker: TestWorker): Promise<Socket> {
  const socket = open(worker);
  // The server may cut it off; that is what the test looks at from the other side.
  socket.on("error", () => undefined);
  const body = JSON.stringify(testRequest("mock/echo"));
  socket.write(
    `POST /generate HTTP/1.1\r\nhost: x\r\nauthorization: ${AUTHORIZATION.authorization}\r\n` +
      `content-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
  await once(socket, "connect");
  return socket;
}

async function lastEvent(reply: Response): Promise<unknown> {
  expect(reply.status).toBe(200);
  return JSON.parse((await reply.text()).trim().split("\n").at(-1)!);
}

function open(worker: TestWorker): Socket {
  const { hostname, port } = new URL(worker.address);
  const socket = connect(Number(port), hostname);
  closers.push(() => void socket.destroy());
  return socket;
}

async function everything(socket: Socket): Promise<string> {
  let text = "";
  socket.setEncoding("utf8").on("data", (chunk) => {
    text += chunk;
  });
  await once(socket, "close");
  return text;
}
