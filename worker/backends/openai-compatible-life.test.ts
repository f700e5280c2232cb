/**
 * Goal: a worker before a server of OpenAI's wire lives through what happens to that server, and the web's
 * client of workers hears of it what it should.
 * Method: the real life and the real client with a stand-in for the server and a controller that takes notes.
 */
import { Registry } from "prom-client";
import { afterEach, expect, test } from "vitest";
import type { GenerateEvent } from "@/lib/protocol/generate-event";
import type { RegisterBody } from "@/lib/protocol/registration";
import { WorkerClient } from "@/lib/protocol/worker-client";
import type { GuiseName } from "@/lib/stand-ins/openai-guises";
import {
  type OpenAiServerOptions,
  STAND_IN_MODELS,
  startOpenAiServer,
} from "@/lib/stand-ins/openai-server";
import { log as realLog } from "@/lib/telemetry/log";
import { seededRandom } from "@/lib/util/random";
import { TEST_SECRET, testRequest } from "../server-testing";
import { runWorker } from "../worker";
import { createOpenAiCompatibleBackend, type OpenAiCompatibleOptions } from "./openai-compatible";

const log = realLog.child({}, { level: "silent" });
const client = new WorkerClient();
const ends: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

const PLAIN: OpenAiCompatibleOptions = {
  ...{ baseUrl: "", headers: () => ({}), models: [], honours: [], lacks: [], embedders: [] },
  ...{ mayProbe: false, slots: 4, watchIntervalMs: 20 },
};

async function standIn(guise: GuiseName, more: Partial<OpenAiServerOptions> = {}) {
  const server = await startOpenAiServer({ guise, ...more });
  ends.push(server.close);
  return server;
}

/** A worker's whole life, with what it registered. */
async function live(options: Partial<OpenAiCompatibleOptions>) {
  const registered: RegisterBody[] = [];
  const waiting: { until(body: RegisterBody): boolean; resolve(): void }[] = [];
  const stop = new AbortController();
  let address = "";
  const done = runWorker(
    {
      ...{ name: "test", version: "0", kind: "openai-compatible", host: "127.0.0.1", port: 0 },
      ...{ secret: TEST_SECRET, registry: new Registry(), log },
      controller: {
        url: "http://controller",
        register: async (body) => {
          registered.push(body);
          for (const it of waiting) if (it.until(body)) it.resolve();
          return { workerId: "w", heartbeatIntervalMs: 60_000 };
        },
        heartbeat: async () => ({ heartbeatIntervalMs: 60_000 }),
        leave: async () => undefined,
      },
      createBackend: (signal) =>
        createOpenAiCompatibleBackend({ ...PLAIN, ...options }, { log, signal }),
      onListening: (it) => {
        address = it;
      },
    },
    stop.signal,
  );
  ends.push(async () => {
    stop.abort();
    await done;
  });
  /** Resolves once it has registered these models, whatever it registered before. */
  const offers = (names: readonly string[]) =>
    new Promise<void>((resolve) => {
      const until = ({ card, load }: RegisterBody) =>
        card.models.map(({ name }) => name).join() === names.join() &&
        (names.length === 0 || load.state === "ready");
      const last = registered.at(-1);
      if (last && until(last)) resolve();
      else waiting.push({ until, resolve });
    });
  const generate = async (model: string, changes: Parameters<typeof testRequest>[1] = {}) => {
    const signal = new AbortController().signal;
    const call = { secret: TEST_SECRET, signal };
    const events: GenerateEvent[] = [];
    for await (const event of await client.generate(address, testRequest(model, changes), call)) {
      events.push(event);
    }
    return events;
  };
  return { offers, generate, registered, address: () => address };
}

const NAMES = STAND_IN_MODELS.map(({ id }) => id);
const textOf = (events: readonly GenerateEvent[]) =>
  events.map((it) => (it.type === "text-delta" ? it.text : "")).join("");

test("a request goes from the web's client to the server and its answer back", async () => {
  const server = await standIn("sglang");
  const worker = await live({
    baseUrl: server.baseUrl,
    models: [{ upstreamName: "stand-in", name: "Lantern 1" }],
  });
  await worker.offers(["Lantern 1"]);
  const events = await worker.generate("Lantern 1", { sampling: { temperature: 0 }, maxTokens: 9 });
  expect(events[0]).toMatchObject({ type: "generation-start", model: "Lantern 1", maxTokens: 9 });
  expect(events.at(-1)).toMatchObject({
    ...{ type: "generation-end", finishReason: "length" },
    usage: { completionTokens: 9 },
  });
  expect(textOf(events).split(" ")).toHaveLength(9);
  const posted = server.asked.find(({ method }) => method === "POST");
  expect(posted?.body).toMatchObject({ model: "stand-in", max_tokens: 9 });
});

test("a wait that the server asks for reaches the web, and the server is left alone", async () => {
  const server = await standIn("generic");
  const worker = await live({ baseUrl: server.baseUrl });
  await worker.offers(NAMES);
  server.setFault({ kind: "rate-limited", retryAfterSeconds: 9 });
  const [error] = await worker.generate("stand-in");
  expect(error).toMatchObject({
    ...{ type: "generation-error", code: "rate-limited", retryable: true },
    retryAfterSeconds: 9,
  });
  const asked = server.asked.filter(({ method }) => method === "POST").length;
  server.setFault(undefined);
  expect((await worker.generate("stand-in"))[0]).toMatchObject({ code: "rate-limited" });
  expect(server.asked.filter(({ method }) => method === "POST")).toHaveLength(asked);
  // Another model of the same server is not concerned.
  expect((await worker.generate("stand-in-thinker")).at(-1)?.type).toBe("generation-end");
});

test("models that come and go upstream come and go here", async () => {
  const server = await standIn("generic");
  const worker = await live({ baseUrl: server.baseUrl });
  await worker.offers(NAMES);
  const added = { id: "stand-in-new", contextLength: 99, kind: "chat" as const };
  server.setModels([added]);
  await worker.offers(["stand-in-new"]);
  expect((await worker.generate("stand-in-new")).at(-1)?.type).toBe("generation-end");
});

test("a server that is away at the start, and goes again, leaves a worker without models", async () => {
  const first = await startOpenAiServer({ guise: "generic" });
  const port = new URL(first.url).port;
  await first.close();
  const worker = await live({ baseUrl: `http://127.0.0.1:${port}/v1` });
  await worker.offers([]);
  const server = await standIn("generic", { port: Number(port) });
  await worker.offers(NAMES);
  await server.close();
  await worker.offers([]);
  const again = await standIn("ollama", { port: Number(port) });
  await worker.offers(NAMES);
  expect(again.asked.map(({ path }) => path)).toContain("/api/show");
});

test("a server that refuses the key keeps the worker from starting, without a word of the key", async () => {
  const server = await standIn("generic", { key: "sk-right" });
  const headers = () => ({ authorization: "Bearer sk-wrong-key" });
  const start = createOpenAiCompatibleBackend(
    { ...PLAIN, baseUrl: server.baseUrl, headers },
    { log, signal: new AbortController().signal },
  );
  const error = await start.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toMatchObject({
    name: "StartError",
    line: expect.stringContaining("--api-key-env"),
  });
  expect(String(error)).toMatch(/refuses the key/);
  expect(String(error)).not.toContain("sk-wrong");
});

test("wherever its stream is cut into pieces, also within a code point, the answer is the same", async () => {
  const seed = 20_261_122;
  const random = seededRandom(seed);
  const chunk = (content: string) =>
    `data: ${JSON.stringify({ choices: [{ delta: { content } }] })}\r\n\r\n`;
  const texts = ["häuser ", "𝄞", " 漢字", " — end"];
  const end =
    'data: {"choices":[{"delta":{},"finish_reason":"stop"}]}\n\n: bye\n\ndata: [DONE]\n\n';
  const bytes = Buffer.from(`: hello\n\n${texts.map(chunk).join("")}${end}`);
  const server = await standIn("generic", {
    handle: async ({ asked, response }) => {
      if (asked.path !== "/v1/chat/completions") return false;
      response.writeHead(200, { "content-type": "text/event-stream; charset=utf-8" });
      for (let at = 0; at < bytes.length; ) {
        const size = 1 + Math.floor(random() * 7);
        response.write(bytes.subarray(at, at + size));
        at += size;
        await new Promise<void>((resolve) => void setImmediate(resolve));
      }
      response.end();
      return true;
    },
  });
  const worker = await live({ baseUrl: server.baseUrl });
  await worker.offers(NAMES);
  for (let round = 0; round < 8; round++) {
    const events = await worker.generate("stand-in");
    expect(textOf(events), `seed ${seed}, round ${round}`).toBe(texts.join(""));
    expect(events.at(-1)).toMatchObject({ type: "generation-end", finishReason: "stop" });
  }
});

test("a stream without an end is lost, and a server that answers whole is understood", async () => {
  const replies = [
    { type: "text/event-stream", body: 'data: {"choices":[{"delta":{"content":"a"}}]}\n\n' },
    {
      type: "text/event-stream",
      body: 'data: {"error":{"message":"too long","code":"context_length_exceeded"}}\n\n',
    },
    {
      type: "application/json",
      body: '{"choices":[{"message":{"content":"a b"},"finish_reason":"stop"}],"usage":{"prompt_tokens":3,"completion_tokens":2}}',
    },
  ];
  const server = await standIn("generic", {
    handle: ({ asked, response }) => {
      if (asked.path !== "/v1/chat/completions") return false;
      const reply = replies.shift();
      response.writeHead(200, { "content-type": reply?.type }).end(reply?.body);
      return true;
    },
  });
  const worker = await live({ baseUrl: server.baseUrl });
  await worker.offers(NAMES);
  expect((await worker.generate("stand-in")).at(-1)).toMatchObject({ code: "worker-lost" });
  expect((await worker.generate("stand-in")).at(-1)).toMatchObject({
    code: "context-length-exceeded",
  });
  const whole = await worker.generate("stand-in");
  expect(textOf(whole)).toBe("a b");
  expect(whole.at(-1)).toMatchObject({ usage: { promptTokens: 3, completionTokens: 2 } });
});

test("vectors are of unit length and in the order of their texts", async () => {
  const server = await standIn("sglang");
  const backend = await createOpenAiCompatibleBackend(
    { ...PLAIN, baseUrl: server.baseUrl, embedders: ["stand-in-embedder"] },
    { log, signal: new AbortController().signal },
  );
  ends.push(() => backend.close());
  const signal = new AbortController().signal;
  const embed = (inputs: string[], more: object = {}) =>
    backend.embed({ requestId: "r", model: "stand-in-embedder", inputs, ...more }, signal);
  const { embeddings, promptTokens } = await embed(["a stone", "a lantern"]);
  expect(promptTokens).toBe(4);
  for (const vector of embeddings) expect(Math.hypot(...vector)).toBeCloseTo(1, 6);
  expect((await embed(["a lantern"])).embeddings[0]).toEqual(embeddings[1]);
  await expect(embed(["x"], { overflow: "average" })).rejects.toMatchObject({
    ...{ code: "unsupported-parameter", param: "overflow" },
  });
  const chat = testRequest("stand-in-embedder");
  await expect(backend.generate(chat, signal)[Symbol.asyncIterator]().next()).rejects.toMatchObject(
    {
      code: "not-supported",
    },
  );
});

test("reasoning is told apart, whether its server does so or not", async () => {
  for (const guise of ["sglang", "lm-studio"] as const) {
    const server = await standIn(guise);
    const worker = await live({ baseUrl: server.baseUrl });
    await worker.offers(NAMES);
    const events = await worker.generate("stand-in-thinker", {
      splitReasoning: true,
      maxTokens: 9,
    });
    const reasoning = events.map((it) => (it.type === "reasoning-delta" ? it.text : "")).join("");
    expect(reasoning.trim()).toBe("think of it");
    expect(textOf(events)).not.toMatch(/think/);
    expect(textOf(events)).not.toBe("");
  }
});
