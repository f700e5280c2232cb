/**
 * Goal: whoever leaves stops the work that is done for them, all the way into the model, wherever their
 * request is at that moment; and several answers to one request read its prompt once. Method: plain HTTP
 * clients that break off, and the worker's own counts at its /metrics, with a bundled model and the mock.
 */
import { connect } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";

vi.hoisted(() => {
  process.env.PARLEY_WORKER_SECRET = "a secret of the tests";
  process.env.PARLEY_API_KEY = "api-key-of-the-tests";
});

import { admissionOf } from "@/lib/gateway/admission";
import { gatewayMetrics } from "@/lib/gateway/gateway-metrics";
import { seededRandom } from "@/lib/util/random";
import { createOnnxBackend } from "@/worker/backends/onnx";
import { type AddedWorker, type ApiServer, startApiServer } from "./__fixtures__/api-server";

const ROOT = join(import.meta.dirname, "../..");
const PROMPT = "Tell me a story about a robot and a lantern.";
/** Nearly all of the context: what is left out of a thousand tokens is read in many passes. */
const LONG = Array.from({ length: 420 }, (_, index) => `word${index % 10}`).join(" ");
let api: ApiServer;

beforeAll(async () => {
  api = await startApiServer();
});
afterAll(() => api.close());

type Client = {
  left: Promise<unknown>;
  body: Promise<string>;
  leave(): void;
  firstChunk(): Promise<void>;
};

/** Asks, and leaves when told. */
function open(path: string, body: object): Client {
  const abort = new AbortController();
  const reply = fetch(`${api.url}${path}`, {
    method: "POST",
    headers: {
      ...{ "content-type": "application/json", authorization: "Bearer api-key-of-the-tests" },
    },
    body: JSON.stringify(body),
    signal: abort.signal,
  });
  const whole = reply.then((it) => ((body as { stream?: boolean }).stream ? "" : it.text()));
  return {
    left: whole.catch(() => "left"),
    body: whole.catch(() => "left"),
    leave: () => abort.abort(),
    async firstChunk() {
      const reader = (await reply).body!.getReader();
      await reader.read();
      reader.read().catch(() => undefined);
    },
  };
}

/** Also on a machine that runs everything at once. */
const eventually = (check: () => void) => vi.waitFor(check, { timeout: 15_000, interval: 5 });

type Counts = { running: number; waiting: number; underWay: number };

async function countsOf(worker: AddedWorker): Promise<Counts> {
  const [running, waiting, underWay] = await Promise.all(
    ["running", "waiting", "under_way"].map((name) => worker.metric(`parley_worker_${name}`)),
  );
  return { running: running!, waiting: waiting!, underWay: underWay! };
}

async function until(worker: AddedWorker, counts: Partial<Counts>): Promise<void> {
  await vi.waitFor(async () => expect(await countsOf(worker)).toMatchObject(counts), {
    ...{ timeout: 15_000, interval: 5 },
  });
}

async function untilIdle(worker: AddedWorker): Promise<void> {
  await until(worker, { running: 0, waiting: 0, underWay: 0 });
  await eventually(() => expect(api.controller.inFlight()).toBe(0));
}

const KINDS = [
  { kind: "a bundled model", model: "pico-l" },
  { kind: "the mock", model: "mock/never" },
];

describe.each(KINDS)("who leaves stops $kind", ({ kind, model }) => {
  const isReal = kind === "a bundled model";
  let worker: AddedWorker;
  beforeAll(async () => {
    const slots = 2;
    if (!isReal) {
      worker = await api.addWorker({ models: [model], slots });
      return;
    }
    const backend = await createOnnxBackend({
      ...{ modelFolders: [join(ROOT, "models", model)], threads: 1, slots },
      threadUrl: new URL("../../dist/engine-thread.mjs", import.meta.url),
    });
    worker = await api.addWorker({ backend });
  });

  const chat = (more: object = {}) =>
    open("/v1/chat/completions", {
      ...{ model, messages: [{ role: "user", content: PROMPT }] },
      ...(isReal && { ignore_eos: true, max_tokens: 900 }),
      ...more,
    });

  async function leaveAfterAbort(client: Client): Promise<void> {
    const aborted = await worker.metric("parley_worker_aborts_total");
    client.leave();
    await untilIdle(worker);
    expect(await client.left).toBe("left");
    expect(await worker.metric("parley_worker_aborts_total")).toBeGreaterThan(aborted);
  }

  test("before the whole reply", async () => {
    const client = chat();
    await until(worker, { running: 1, underWay: 1 });
    await leaveAfterAbort(client);
  });

  test.runIf(isReal)("in the middle of a stream", async () => {
    const client = chat({ stream: true });
    await client.firstChunk();
    const aborted = await worker.metric("parley_worker_aborts_total");
    client.leave();
    await untilIdle(worker);
    expect(await worker.metric("parley_worker_aborts_total")).toBe(aborted + 1);
  });

  test.runIf(isReal)("in the middle of several answers, those that wait included", async () => {
    const client = chat({ n: 6 });
    await until(worker, { running: 2, underWay: 2 });
    await eventually(() => expect(admissionOf(api.controller).waiting(model)).toBeGreaterThan(0));
    await leaveAfterAbort(client);
    expect(admissionOf(api.controller).waiting(model)).toBe(0);
  });

  test.runIf(isReal)("while its prompt is read", async () => {
    const client = chat({ messages: [{ role: "user", content: LONG }], max_tokens: 100 });
    await until(worker, { underWay: 1 });
    client.leave();
    await untilIdle(worker);
  });

  test("while it waits here or at the worker", async () => {
    const first = [chat(), chat()];
    await until(worker, { running: 2 });
    const ahead = chat();
    await until(worker, { running: 2, waiting: 1 });
    const here = [chat(), chat(), chat()];
    await eventually(() => expect(admissionOf(api.controller).waiting(model)).toBe(3));
    here[1]?.leave();
    await eventually(() => expect(admissionOf(api.controller).waiting(model)).toBe(2));
    // The place ahead goes to the next of those who wait here.
    ahead.leave();
    await eventually(() => expect(admissionOf(api.controller).waiting(model)).toBe(1));
    for (const client of [...here, ...first]) client.leave();
    await untilIdle(worker);
    expect(admissionOf(api.controller).waiting(model)).toBe(0);
  });

  test.runIf(isReal)("in the middle of vectors", async () => {
    const input = Array.from({ length: 64 }, () => LONG);
    const client = open("/v1/embeddings", { model, input });
    await until(worker, { underWay: 1 });
    await leaveAfterAbort(client);
  });

  test("on a connection where their requests wait for one another's answers", async () => {
    const body = JSON.stringify({
      ...{ model, messages: [{ role: "user", content: PROMPT }], stream: true },
      ...(isReal && { ignore_eos: true, max_tokens: 900 }),
    });
    const head = [
      ...["POST /v1/chat/completions HTTP/1.1", "host: parley", "content-type: application/json"],
      `authorization: Bearer api-key-of-the-tests\r\ncontent-length: ${Buffer.byteLength(body)}`,
    ].join("\r\n");
    const socket = connect(Number(new URL(api.url).port), "127.0.0.1").resume();
    socket.write(`${head}\r\n\r\n${body}`.repeat(7));
    // Two run, one waits at the worker.
    await until(worker, { running: 2, waiting: 1 });
    await eventually(() => expect(admissionOf(api.controller).waiting(model)).toBe(4));
    socket.destroy();
    await untilIdle(worker);
    expect(admissionOf(api.controller).waiting(model)).toBe(0);
    expect((await gatewayMetrics.running.get()).values[0]?.value).toBe(0);
  });

  test("at any moment (seed 11)", async () => {
    const random = seededRandom(11);
    await Promise.all(
      Array.from({ length: 40 }, async (_, index) => {
        const client = chat({ stream: index % 2 === 0, n: 1 + (index % 3) });
        await new Promise((resolve) => setTimeout(resolve, random() * 300));
        client.leave();
        await client.left;
      }),
    );
    await untilIdle(worker);
    expect(admissionOf(api.controller).waiting(model)).toBe(0);
  });
});

test("a request for several answers reads its prompt once", async () => {
  const backend = await createOnnxBackend({
    ...{ modelFolders: [join(ROOT, "models/pico-s")], threads: 1, slots: 8 },
    threadUrl: new URL("../../dist/engine-thread.mjs", import.meta.url),
  });
  const workers = [await api.addWorker({ backend }), await api.addWorker({ backend })];
  const body = {
    model: "pico-s",
    messages: [{ role: "user", content: LONG }],
    max_tokens: 4,
    n: 8,
  };
  const reply = JSON.parse(await open("/v1/chat/completions", body).body) as {
    choices: unknown[];
    usage: { prompt_tokens: number; prompt_tokens_details: { cached_tokens: number } };
  };
  expect(reply.choices).toHaveLength(8);
  const cached = (worker: AddedWorker) => worker.metric("parley_worker_cached_prompt_tokens_total");
  const requests = (worker: AddedWorker) =>
    worker.metric("parley_worker_first_token_seconds_count");
  const [one, other] = await Promise.all(workers.map(requests));
  expect([one, other].sort()).toEqual([0, 8]);
  const total = Math.max(...(await Promise.all(workers.map(cached))));
  const { prompt_tokens: promptTokens, prompt_tokens_details: details } = reply.usage;
  expect(details.cached_tokens).toBe(0);
  // All but the first found all whole chunks of it.
  expect(total).toBe(7 * (promptTokens - (promptTokens % 64)));
});
