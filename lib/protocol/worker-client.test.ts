/**
 * Goal: the web's side of the protocol keeps its promises whatever the worker does.
 * Method: the real server with the mock backend, the real program where a process must die, and a
 * bare HTTP server that says what no worker of ours would.
 */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { createServer, type RequestListener, type Server } from "node:http";
import { type AddressInfo, createServer as createTcpServer } from "node:net";
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { AppError } from "@/lib/errors";
import { EVENT_BYTES_MAX } from "@/lib/limits";
import {
  startTestWorker,
  TEST_SECRET,
  type TestWorker,
  testRequest,
} from "@/worker/server-testing";
import type { GenerateEvent } from "./generate-event";
import { WorkerClient } from "./worker-client";

const client = new WorkerClient();
const closers: (() => Promise<void> | void)[] = [];
let worker: TestWorker;

beforeAll(async () => {
  worker = await startTestWorker();
});
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});
afterAll(async () => {
  await client.close();
  await worker.close();
});

const call = (signal = new AbortController().signal) => ({ secret: TEST_SECRET, signal });

async function collect(events: AsyncIterable<GenerateEvent>): Promise<GenerateEvent[]> {
  const all: GenerateEvent[] = [];
  for await (const event of events) all.push(event);
  return all;
}

async function withWorker(options: Parameters<typeof startTestWorker>[0]): Promise<TestWorker> {
  const started = await startTestWorker(options);
  closers.push(() => started.close());
  return started;
}

function withClient(limits: ConstructorParameters<typeof WorkerClient>[0]): WorkerClient {
  const made = new WorkerClient(limits);
  closers.push(() => made.close());
  return made;
}

/** Something on a port that is no worker of ours. */
async function withServer(
  listener: RequestListener,
  prepare: (server: Server) => void = () => undefined,
): Promise<string> {
  const server: Server = createServer(listener).listen(0, "127.0.0.1");
  prepare(server);
  await once(server, "listening");
  closers.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** Answers a generation with these lines, then ends it, or leaves it open. */
function withLines(lines: string[], { open = false } = {}): Promise<string> {
  return withServer((_request, response) => {
    response.writeHead(200, { "content-type": "application/x-ndjson" });
    response.write(lines.map((line) => `${line}\n`).join(""));
    if (!open) response.end();
  });
}

const START = JSON.stringify({
  type: "generation-start",
  model: "m",
  build: "b",
  promptTokens: 1,
  sampling: { temperature: 1, topP: 1, seed: 1 },
  maxTokens: 5,
});
const END = JSON.stringify({
  type: "generation-end",
  finishReason: "stop",
  usage: { promptTokens: 1, completionTokens: 1 },
  timing: { queuedMs: 0, firstTokenMs: 1, durationMs: 2 },
});
const DELTA = JSON.stringify({ type: "text-delta", text: "x", tokens: 1 });

describe("a generation", () => {
  test("arrives event by event and whole", async () => {
    const events = await collect(
      await client.generate(worker.address, testRequest("mock/echo"), call()),
    );
    expect(events.map((event) => event.type)).toEqual([
      "generation-start",
      ...Array<string>(5).fill("text-delta"),
      "generation-end",
    ]);
    expect(events.at(-1)).toMatchObject({ usage: { completionTokens: 5 } });
  });

  test("the worker's connection is used again after a whole answer", async () => {
    let connections = 0;
    const address = await withServer(
      (_request, response) => response.end(`${START}\n${END}\n`),
      (server) => server.on("connection", () => (connections += 1)),
    );
    for (let round = 0; round < 10; round++) {
      await collect(await client.generate(address, testRequest("m"), call()));
    }
    // Two, since the end of a body is read a tick before its connection is free again.
    expect(connections).toBeLessThanOrEqual(2);
  });

  test("a worker that queues is admitted at once and begins when a slot is free", async () => {
    const small = await withWorker({ slots: 1 });
    const first = new AbortController();
    const busy = await client.generate(
      small.address,
      testRequest("mock/never"),
      call(first.signal),
    );
    await busy.next();
    const queued = await client.generate(small.address, testRequest("mock/echo"), call());
    expect(await small.metric("parley_worker_waiting")).toBe(1);
    first.abort();
    const events = await collect(queued);
    const end = events.at(-1);
    expect(end?.type === "generation-end" && end.timing.queuedMs).toBeGreaterThan(0);
  });

  test("an error before the first event comes alone", async () => {
    const events = await client.generate(worker.address, testRequest("mock/rejects"), call());
    expect(await collect(events)).toMatchObject([
      { type: "generation-error", code: "overloaded", retryable: true },
    ]);
  });

  test("a failure after three tokens is the last event", async () => {
    const request = testRequest("mock/fails-after-3-tokens");
    const events = await collect(await client.generate(worker.address, request, call()));
    expect(events).toHaveLength(5);
    expect(events.at(-1)).toMatchObject({ type: "generation-error", code: "internal" });
  });
});

describe("going away", () => {
  test("an abort in mid-stream frees the slot and ends the iteration as client-closed", async () => {
    const abort = new AbortController();
    const request = testRequest("mock/never");
    const events = await client.generate(worker.address, request, call(abort.signal));
    expect((await events.next()).value).toMatchObject({ type: "generation-start" });
    expect(await worker.metric("parley_worker_running")).toBe(1);
    const next = events.next();
    abort.abort();
    await expect(next).rejects.toMatchObject({ code: "client-closed" });
    await worker.whenIdle();
    expect(await worker.metric("parley_worker_running")).toBe(0);
    expect(await worker.metric("parley_worker_aborts_total")).toBeGreaterThan(0);
  });

  test("the abort's own AppError is what the iteration throws", async () => {
    const abort = new AbortController();
    const request = testRequest("mock/never");
    const events = await client.generate(worker.address, request, call(abort.signal));
    abort.abort(new AppError("timeout", { message: "too long" }));
    await expect(events.next()).rejects.toMatchObject({ code: "timeout", message: "too long" });
    await worker.whenIdle();
  });

  test.each([0, 1])("leaving after %i events frees the slot", async (count) => {
    const events = await client.generate(worker.address, testRequest("mock/never"), call());
    for (let index = 0; index < count; index++) await events.next();
    await vi.waitFor(async () => expect(await worker.metric("parley_worker_running")).toBe(1));
    await events.return(undefined);
    await worker.whenIdle();
    expect(await worker.metric("parley_worker_running")).toBe(0);
  });

  test("a signal that aborted before sends nothing", async () => {
    const run = client.generate(
      worker.address,
      testRequest("mock/echo"),
      call(AbortSignal.abort()),
    );
    await expect(run).rejects.toMatchObject({ code: "client-closed" });
  });

  test("who waits for a slot and leaves gives its place up", async () => {
    const small = await withWorker({ slots: 1 });
    const busy = await client.generate(small.address, testRequest("mock/never"), call());
    await busy.next();
    const abort = new AbortController();
    const echo = testRequest("mock/echo");
    await client.generate(small.address, echo, call(abort.signal));
    expect(await small.metric("parley_worker_waiting")).toBe(1);
    abort.abort();
    await vi.waitFor(async () => expect(await small.metric("parley_worker_waiting")).toBe(0));
    await busy.return(undefined);
  });
});

describe("refusals keep their code", () => {
  test("wrong secret", async () => {
    const wrong = { ...call(), secret: "not the secret" };
    const run = client.generate(worker.address, testRequest("mock/echo"), wrong);
    await expect(run).rejects.toMatchObject({ code: "unauthenticated" });
  });

  test("unknown model", async () => {
    const run = client.generate(worker.address, testRequest("no/model"), call());
    await expect(run).rejects.toMatchObject({ code: "model-not-found", param: "model" });
  });

  test("a full waiting room, with the time to come back", async () => {
    const small = await withWorker({ slots: 1, limits: { waitingMax: 0 } });
    const busy = await client.generate(small.address, testRequest("mock/never"), call());
    const run = client.generate(small.address, testRequest("mock/echo"), call());
    await expect(run).rejects.toMatchObject({ code: "overloaded", retryAfterSeconds: 2 });
    await busy.return(undefined);
  });

  test("a worker that drains", async () => {
    const leaving = await withWorker({});
    await leaving.server.drain(AbortSignal.timeout(1_000));
    const run = client.generate(leaving.address, testRequest("mock/echo"), call());
    await expect(run).rejects.toMatchObject({ code: "overloaded", retryable: true });
    expect(await client.health(leaving.address, call())).toMatchObject({ state: "draining" });
  });

  test("a prompt too long", async () => {
    const request = { ...testRequest("mock/context"), maxTokens: 3 };
    const part = request.messages[0]?.content[0];
    if (part?.type === "text") part.text = "word ".repeat(100);
    const events = await collect(await client.generate(worker.address, request, call()));
    expect(events).toMatchObject([{ code: "context-length-exceeded", param: "messages" }]);
  });
});

describe("a worker that is not well", () => {
  test("nobody listens: worker-lost, and worth another try elsewhere", async () => {
    const gone = await startTestWorker();
    await gone.close();
    const run = client.generate(gone.address, testRequest("mock/echo"), call());
    await expect(run).rejects.toMatchObject({ code: "worker-lost", retryable: true });
  });

  test("its process is killed in mid-stream: three tokens, then worker-lost", async () => {
    const { child, address } = await forkWorker();
    const request = testRequest("mock/dies-after-3-tokens");
    const events = await client.generate(address, request, call());
    const texts: string[] = [];
    const run = async () => {
      for await (const event of events) if (event.type === "text-delta") texts.push(event.text);
    };
    await expect(run()).rejects.toMatchObject({ code: "worker-lost" });
    expect(texts).toEqual(["This", " will", " end"]);
    expect(child.signalCode ?? (await once(child, "exit"))[1]).toBe("SIGKILL");
  });

  test("no head: timeout", async () => {
    const address = await withServer(() => undefined);
    const hasty = withClient({ headMsMax: 40 });
    const run = hasty.generate(address, testRequest("m"), call());
    await expect(run).rejects.toMatchObject({ code: "timeout", retryable: true });
  });

  test.each(["generate", "health"])(
    "a refusal without an end at %s: upstream-invalid",
    async (path) => {
      let isLetGo = false;
      const address = await withServer((_request, response) => {
        response.writeHead(path === "health" ? 200 : 503);
        const more = () => {
          while (response.write("x".repeat(16_384)));
        };
        response.on("drain", more).on("close", () => (isLetGo = true));
        more();
      });
      const run =
        path === "health"
          ? client.health(address, call())
          : client.generate(address, testRequest("m"), call());
      await expect(run).rejects.toMatchObject({ name: "AppError", retryable: true });
      await vi.waitFor(() => expect(isLetGo).toBe(true));
    },
  );

  test.each([
    ["generate", (hasty: WorkerClient, at: string) => hasty.generate(at, testRequest("m"), call())],
    ["card", (hasty: WorkerClient, at: string) => hasty.card(at, call())],
  ])("a refusal at %s that stops after its head: timeout", async (_name, ask) => {
    const address = await withServer((_request, response) => {
      response.writeHead(503, { "content-type": "application/json" }).write("{");
    });
    const run = ask(withClient({ headMsMax: 40, callMsMax: 40 }), address);
    await expect(run).rejects.toMatchObject({ code: "timeout", retryable: true });
  });

  test("silence in mid-stream: timeout", async () => {
    const address = await withLines([START, DELTA], { open: true });
    const events = await withClient({ silenceMsMax: 40 }).generate(
      address,
      testRequest("m"),
      call(),
    );
    await events.next();
    await events.next();
    await expect(events.next()).rejects.toMatchObject({ code: "timeout" });
  });

  test.each([
    ["no end", [START, DELTA], "worker-lost"],
    ["nothing at all", [], "worker-lost"],
    ["garbage", [START, "{not json"], "upstream-invalid"],
    ["no event of ours", [START, '{"type":"party"}'], "upstream-invalid"],
    [
      "the web's own word of resuming",
      [
        START,
        '{"type":"generation-resumed","afterTokens":1,"workerId":"0198f3a0-0000-7000-8000-000000000000"}',
      ],
      "upstream-invalid",
    ],
    ["a delta without text", [START, '{"type":"text-delta","tokens":1}'], "upstream-invalid"],
    [
      "a delta of half a token",
      [START, '{"type":"text-delta","text":"x","tokens":0.5}'],
      "upstream-invalid",
    ],
    ["a second start", [START, START], "upstream-invalid"],
    ["a delta first", [DELTA], "upstream-invalid"],
    ["something after the end", [START, END, DELTA], "upstream-invalid"],
  ])("%s", async (_name, lines, code) => {
    const address = await withLines(lines);
    const events = await client.generate(address, testRequest("m"), call());
    await expect(collect(events)).rejects.toMatchObject({ code, retryable: true });
  });

  test("a line without end is cut off, not collected", async () => {
    const address = await withServer((_request, response) => {
      response.on("error", () => undefined);
      response.write(`${START}\n{"type":"text-delta","text":"`);
      const more = () => {
        while (!response.destroyed && response.write("x".repeat(65_536)));
      };
      response.on("drain", more);
      more();
    });
    const events = await client.generate(address, testRequest("m"), call());
    await expect(collect(events)).rejects.toMatchObject({
      code: "upstream-invalid",
      message: expect.stringContaining(String(EVENT_BYTES_MAX)),
    });
  });

  test("bytes that are no UTF-8", async () => {
    const address = await withServer((_request, response) =>
      response.end(Buffer.concat([Buffer.from(`${START}\n`), Buffer.from([0xff, 0x0a])])),
    );
    const events = await client.generate(address, testRequest("m"), call());
    await expect(collect(events)).rejects.toMatchObject({ code: "upstream-invalid" });
  });

  test("something else on its port", async () => {
    const page = await withServer((_request, response) =>
      response.writeHead(500).end("<html></html>"),
    );
    const run = client.generate(page, testRequest("m"), call());
    await expect(run).rejects.toMatchObject({
      code: "upstream-invalid",
      message: expect.stringContaining("500"),
    });
    const raw = createTcpServer((socket) => socket.end("SSH-2.0\r\n"));
    raw.listen(0, "127.0.0.1");
    await once(raw, "listening");
    closers.push(() => void raw.close());
    const { port } = raw.address() as AddressInfo;
    const other = client.generate(`http://127.0.0.1:${port}`, testRequest("m"), call());
    await expect(other).rejects.toMatchObject({ retryable: true });
  });
});

describe("the calls beside generation", () => {
  test("tokenize and detokenize", async () => {
    const model = "mock/echo";
    const reply = await client.tokenize(worker.address, { model, text: "hello there" }, call());
    expect(reply).toMatchObject({ contextLength: 8_192 });
    const back = await client.detokenize(worker.address, { model, ids: reply.ids }, call());
    expect(back).toEqual({ text: "hello there" });
    const bad = client.detokenize(worker.address, { model, ids: [7] }, call());
    await expect(bad).rejects.toMatchObject({ code: "invalid-request", param: "ids" });
  });

  test("embed", async () => {
    const request = { requestId: "r", model: "mock/echo", inputs: ["a", "b"] };
    const { embeddings } = await client.embed(worker.address, request, call());
    expect(embeddings.map((vector) => Math.hypot(...vector))).toEqual([
      expect.closeTo(1),
      expect.closeTo(1),
    ]);
  });

  test("health needs no secret", async () => {
    expect(await client.health(worker.address, call())).toMatchObject({ state: "ready" });
  });

  test("an answer in another form is upstream-invalid", async () => {
    const address = await withServer((_request, response) => response.end('{"text":4}'));
    const run = client.detokenize(address, { model: "m", ids: [] }, call());
    await expect(run).rejects.toMatchObject({ code: "upstream-invalid" });
  });
});

/** The worker program with every sentinel, as its own process. */
async function forkWorker(): Promise<{ child: ChildProcess; address: string }> {
  const child = fork("dist/worker.mjs", ["--kind", "mock", "--controller", "http://127.0.0.1:9"], {
    env: { ...process.env, PARLEY_WORKER_SECRET: TEST_SECRET },
    stdio: ["ignore", "inherit", "inherit", "ipc"],
  });
  closers.push(() => void child.kill("SIGKILL"));
  const [message] = await once(child, "message");
  return { child, address: message.address };
}
