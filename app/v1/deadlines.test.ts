/**
 * Goal: a request that says how long it is worth waiting is answered by then, one way or the other, and
 * what one caller asks speeds up nobody else. Method: route handlers over HTTP, a mock and a bundled model.
 */
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";

vi.hoisted(() => {
  process.env.PARLEY_WORKER_SECRET = "a secret of the tests";
});

import { keyRing } from "@/lib/auth/key-ring";
import { createKey } from "@/lib/auth/key-store";
import { GENERATION_MS_MAX } from "@/lib/limits";
import { createKeyBodySchema } from "@/lib/protocol/key-view";
import { createOnnxBackend } from "@/worker/backends/onnx";
import { type AddedWorker, type ApiServer, startApiServer } from "./__fixtures__/api-server";

const ROOT = join(import.meta.dirname, "../..");
/** Also on a machine that runs everything at once. */
const BUSY = { timeout: 15_000, interval: 10 };
const STORY = "Tell me a story about a robot and a lantern, a lighthouse and the sea at night.";
let api: ApiServer;
let mock: AddedWorker;
const keys: string[] = [];

beforeAll(async () => {
  api = await startApiServer();
  for (const name of ["one", "other"]) {
    const { key } = await createKey(api.database.db, createKeyBodySchema.parse({ name }));
    await keyRing().refresh();
    keys.push(key);
  }
  mock = await api.addWorker({ models: ["mock/never", "mock/slow"], slots: 1, tokenMs: 20 });
  const backend = await createOnnxBackend({
    ...{ modelFolders: [join(ROOT, "models/pico-s")], threads: 1, slots: 8 },
    threadUrl: new URL("../../dist/engine-thread.mjs", import.meta.url),
  });
  await api.addWorker({ backend });
});
afterAll(() => api.close());

type Asking = { path?: string; timeout?: string; key?: string | undefined };

function post(body: object, { path = "/v1/chat/completions", timeout, key = keys[0] }: Asking) {
  return fetch(`${api.url}${path}`, {
    method: "POST",
    headers: {
      ...{ "content-type": "application/json", authorization: `Bearer ${key}` },
      ...(timeout !== undefined && { "x-parley-timeout-ms": timeout }),
    },
    body: JSON.stringify(body),
  });
}

const chat = (model: string, more: object = {}) => ({
  ...{ model, messages: [{ role: "user", content: STORY }] },
  ...more,
});

async function freed(): Promise<void> {
  await vi.waitFor(async () => {
    expect(await mock.metric("parley_worker_running")).toBe(0);
    expect(api.controller.inFlight()).toBe(0);
  }, BUSY);
}

describe("a deadline", () => {
  test.each(["0", "-5", "1.5", "soon", "", "1e3", String(GENERATION_MS_MAX + 1), "9".repeat(20)])(
    "of %j is refused by name",
    async (timeout) => {
      const reply = await post(chat("mock/slow"), { timeout });
      expect(reply.status).toBe(400);
      const { error } = (await reply.json()) as { error: Record<string, unknown> };
      expect(error).toMatchObject({
        type: "invalid_request_error",
        param: "x-parley-timeout-ms",
        message: expect.stringContaining("x-parley-timeout-ms"),
      });
    },
  );

  test("is refused in Anthropic's words where they are spoken", async () => {
    const body = { ...chat("mock/slow"), max_tokens: 5 };
    const reply = await post(body, { path: "/v1/messages", timeout: "soon" });
    expect(reply.status).toBe(400);
    expect(await reply.json()).toMatchObject({
      type: "error",
      error: { type: "invalid_request_error", message: expect.stringContaining("milliseconds") },
    });
  });

  test("that is met changes nothing", async () => {
    const reply = await post(chat("pico-s", { max_tokens: 4 }), { timeout: "60000" });
    expect(reply.status).toBe(200);
    expect(await reply.json()).toMatchObject({ usage: { completion_tokens: 4 } });
  });

  test("that passes before the first token is a 504, and its worker is free", async () => {
    for (const stream of [false, true]) {
      const reply = await post(chat("mock/never", { stream }), { timeout: "60" });
      expect(reply.status).toBe(504);
      const { error } = (await reply.json()) as { error: Record<string, unknown> };
      expect(error).toMatchObject({ code: "timeout", message: expect.stringContaining("60 ms") });
      await freed();
    }
  });

  test("that passes while the request waits for its turn is a 504 too", async () => {
    const stop = new AbortController();
    const busy = fetch(`${api.url}/v1/chat/completions`, {
      method: "POST",
      headers: { "content-type": "application/json", authorization: `Bearer ${keys[1]}` },
      body: JSON.stringify(chat("mock/never")),
      signal: stop.signal,
    }).catch(() => "left");
    await vi.waitFor(async () => expect(await mock.metric("parley_worker_running")).toBe(1), BUSY);
    // The first of them waits at the worker, the others here.
    const replies = await Promise.all(
      [1, 2, 3].map(() => post(chat("mock/never"), { timeout: "80" })),
    );
    expect(replies.map((it) => it.status)).toEqual([504, 504, 504]);
    // Who is told at once is told before the worker has heard of it.
    await vi.waitFor(async () => expect(await mock.metric("parley_worker_waiting")).toBe(0), BUSY);
    expect(await mock.metric("parley_worker_running")).toBe(1);
    stop.abort();
    expect(await busy).toBe("left");
    await freed();
  });

  test("that passes in the middle of a stream is its error event", async () => {
    const reply = await post(chat("mock/slow", { stream: true }), { timeout: "300" });
    expect(reply.status).toBe(200);
    const text = await reply.text();
    expect(text).toContain('"content":');
    expect(text).toMatch(/data: \{"error":\{[^\n]*"code":"timeout"/);
    await freed();
    const messages = { ...chat("mock/slow"), max_tokens: 90, stream: true };
    const other = await post(messages, { path: "/v1/messages", timeout: "300" });
    expect(await other.text()).toMatch(/event: error\ndata: \{"type":"error"/);
    await freed();
  });

  test("that passes in the middle of a whole reply is a 504", async () => {
    const reply = await post(chat("mock/slow", { n: 3 }), { timeout: "200" });
    expect(reply.status).toBe(504);
    await freed();
  });
});

type Reply = {
  choices: { message: { content: string } }[];
  usage: { prompt_tokens: number; prompt_tokens_details: { cached_tokens: number } };
};

test("what one key asked is found ready for that key alone", async () => {
  const cached: number[] = [];
  const texts = new Set<string>();
  for (const key of [keys[0], keys[0], keys[1], keys[1], keys[0]]) {
    // Whole chunks of 64 tokens are reused.
    const messages = [{ role: "user", content: STORY.repeat(8) }];
    const body = chat("pico-s", { messages, max_tokens: 8, temperature: 0 });
    const { choices, usage } = (await (await post(body, { key })).json()) as Reply;
    cached.push(usage.prompt_tokens_details.cached_tokens);
    texts.add(choices[0]!.message.content);
  }
  const [first, again, others, othersAgain, last] = cached;
  expect([first, others]).toEqual([0, 0]);
  for (const count of [again, othersAgain, last]) expect(count).toBeGreaterThan(0);
  expect(texts.size).toBe(1);
});
