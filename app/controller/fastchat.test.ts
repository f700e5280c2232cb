/**
 * Goal: a worker of FastChat's serves through this platform's API as it is. Method: a worker that speaks its
 * protocol byte for byte, the real handlers on a real database, OpenAI's own client.
 */
import OpenAI from "openai";
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from "vitest";

const TOKEN = "a-token-for-fastchat-workers";
vi.hoisted(() => {
  process.env.PARLEY_SECRET = "secret-of-the-tests";
  process.env.PARLEY_WORKER_SECRET = "a secret of the tests";
  process.env.PARLEY_FASTCHAT_TOKEN = "a-token-for-fastchat-workers";
  process.env.PARLEY_FASTCHAT_READERS = "bge, e5";
});

import { type ApiServer, startApiServer } from "@/app/v1/__fixtures__/api-server";
import {
  FastchatTestWorker,
  type FastchatWorkerOptions,
} from "@/lib/fastchat/__fixtures__/fastchat-worker";

let api: ApiServer;
let openai: OpenAI;
let stop: () => void;
beforeAll(async () => {
  api = await startApiServer();
  stop = api.controller.start();
  openai = new OpenAI({ baseURL: `${api.url}/v1`, apiKey: "none", maxRetries: 0 });
});
afterAll(async () => {
  stop();
  await api.close();
});

const controllerUrl = () => `${api.url}/controller/${TOKEN}`;

function call(path: string, body: unknown = {}, headers: Record<string, string> = {}) {
  return fetch(`${api.url}/controller/${path}`, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify(body),
  });
}

async function join(options: FastchatWorkerOptions = {}): Promise<FastchatTestWorker> {
  const worker = new FastchatTestWorker({ controller: controllerUrl(), ...options });
  await worker.start();
  onTestFinished(() => worker.die());
  await whenServed(worker.address);
  return worker;
}

async function whenServed(address: string): Promise<void> {
  await vi.waitFor(
    async () => {
      const workers = await api.controller.listWorkers();
      expect(workers.find((it) => it.address === address && it.state === "ready")).toBeDefined();
    },
    { timeout: 5_000, interval: 10 },
  );
}

const ask = (model: string, content: string) => ({
  model,
  messages: [{ role: "user" as const, content }],
});

const CALLED = [
  { role: "user" as const, content: "a" },
  {
    ...{ role: "assistant" as const, content: null },
    tool_calls: [{ id: "x", type: "function" as const, function: { name: "f", arguments: "{}" } }],
  },
  { role: "tool" as const, tool_call_id: "x", content: "b" },
];

describe("a worker of FastChat's", () => {
  test("answers a chat, whole and streamed, in its own template", async () => {
    const worker = await join({ models: ["vicuna-a"] });
    const whole = await openai.chat.completions.create({
      ...ask("vicuna-a", "Hello, wörld 🎉"),
      ...{ temperature: 0.3, top_p: 0.9, max_tokens: 64, presence_penalty: 0.5, stop: ["STOP"] },
    });
    const said = "You said: A chat. USER: Hello, wörld 🎉 ASSISTANT:";
    expect(whole.choices[0]).toMatchObject({
      ...{ finish_reason: "stop", message: { role: "assistant", content: said } },
    });
    expect(whole.usage).toMatchObject({ prompt_tokens: 7, completion_tokens: 9, total_tokens: 16 });
    expect(worker.asked[0]).toEqual({
      ...{ model: "vicuna-a", prompt: "A chat. USER: Hello, wörld 🎉 ASSISTANT:" },
      ...{ temperature: 0.3, top_p: 0.9, top_k: -1, presence_penalty: 0.5, frequency_penalty: 0 },
      ...{ repetition_penalty: 1, max_new_tokens: 64, echo: false, logprobs: null },
      ...{ stop: ["STOP"], stop_token_ids: [] },
    });
    const stream = await openai.chat.completions.create({
      ...ask("vicuna-a", "Hello, wörld 🎉"),
      ...{ stream: true, stream_options: { include_usage: true } },
    });
    const deltas: string[] = [];
    let reason: string | null | undefined;
    for await (const chunk of stream) {
      deltas.push(chunk.choices[0]?.delta.content ?? "");
      reason = chunk.choices[0]?.finish_reason ?? reason;
    }
    expect(deltas.join("")).toBe(said);
    expect(reason).toBe("stop");
    // Named by nobody, the length is what the context still holds: 2,048 less the prompt and one.
    expect(worker.asked[1]).toMatchObject({ max_new_tokens: 2_040, temperature: 1, top_p: 1 });
    // Asked for once.
    expect(worker.calls.filter((path) => path === "/worker_get_conv_template")).toHaveLength(1);
  });

  test("takes a conversation with its system message, and goes on where it was cut", async () => {
    await join({ models: ["vicuna-b"] });
    const reply = await openai.chat.completions.create({
      model: "vicuna-b",
      max_tokens: 3,
      messages: [
        { role: "system", content: "Be brief." },
        { role: "user", content: "One" },
        { role: "assistant", content: "1" },
        { role: "user", content: "Two" },
      ],
    });
    expect(reply.choices[0]).toMatchObject({
      ...{ finish_reason: "length", message: { content: "You said: Be" } },
    });
    const stopped = await openai.chat.completions.create({
      ...ask("vicuna-b", "Two"),
      stop: "USER",
    });
    expect(stopped.choices[0]?.message.content).toBe("You said: A chat. ");
    expect(stopped.choices[0]?.finish_reason).toBe("stop");
  });

  test("is not asked to chat where its keeper says that it only reads", async () => {
    await join({ models: ["bge"], embeds: true });
    const input = "one text";
    expect((await openai.embeddings.create({ model: "bge", input })).data).toHaveLength(1);
    const asked = openai.chat.completions.create(ask("bge", "Hi"));
    await expect(asked).rejects.toMatchObject({ status: 400, param: "model" });
  });

  test("answers on the pages, and the answer is kept", async () => {
    await join({ models: ["vicuna-page"] });
    const terms = await fetch(`${api.url}/api/terms`);
    const cookie = terms.headers.get("set-cookie")?.split(";")[0] ?? "";
    const { version } = await terms.json();
    const headers = { "content-type": "application/json", origin: api.url, cookie };
    const post = (path: string, body: unknown) =>
      fetch(`${api.url}${path}`, { method: "POST", headers, body: JSON.stringify(body) });
    expect((await post("/api/terms", { version })).ok).toBe(true);
    const start = { kind: "chat", model: "vicuna-page", prompt: "Hello" };
    const begun = await post("/api/conversations", start);
    const lines = (await begun.text()).trim().split("\n");
    const events = lines.map((line) => JSON.parse(line) as { type: string; id?: string });
    const id = /"conversationId":"([^"]+)"|"id":"([^"]+)"/.exec(lines[0] ?? "");
    expect(events.at(-1)?.type).toBe("turn-end");
    const path = `/api/conversations/${id?.[1] ?? id?.[2]}`;
    const kept = await (await fetch(`${api.url}${path}`, { headers: { cookie } })).json();
    expect(kept.messages[1]).toMatchObject({
      ...{ status: "complete", content: "You said: A chat. USER: Hello ASSISTANT:" },
      stats: { seed: null, promptTokens: 5 },
    });
  });

  test("completes a text, several times at once", async () => {
    await join({ models: ["vicuna-c"] });
    const reply = await openai.completions.create({ model: "vicuna-c", prompt: "a b", n: 3 });
    expect(reply.choices.map(({ text }) => text)).toEqual(Array(3).fill("You said: a b"));
    const tokens = openai.completions.create({ model: "vicuna-c", prompt: [1, 2] });
    await expect(tokens).rejects.toMatchObject({ status: 400, param: "prompt" });
  });

  test("reads texts where it has the call for it", async () => {
    const worker = await join({ models: ["reader"], embeds: true });
    const input = ["a", "bb cc", "ddd", "e", "f"];
    const reply = await openai.embeddings.create({ model: "reader", input });
    expect(reply.data).toHaveLength(5);
    const [first = []] = reply.data.map(({ embedding }) => embedding);
    expect(Math.hypot(...first)).toBeCloseTo(1, 5);
    expect(reply.usage.prompt_tokens).toBe(6);
    expect(worker.calls.filter((path) => path === "/worker_get_embeddings")).toHaveLength(2);
    await join({ models: ["no-reader"] });
    const refused = openai.embeddings.create({ model: "no-reader", input });
    await expect(refused).rejects.toMatchObject({ status: 400 });
    const long = openai.embeddings.create({ model: "reader", input: ["x ".repeat(2_100)] });
    await expect(long).rejects.toMatchObject({ status: 400, code: "context_length_exceeded" });
  });

  test.each([
    ["seed", { seed: 5 }],
    ["logit_bias", { logit_bias: { "5": 3 } }],
    ["min_p", { min_p: 0.1 }],
    ["ignore_eos", { ignore_eos: true }],
    ["min_tokens", { min_tokens: 3 }],
    ["reasoning_effort", { reasoning_effort: "high" as const }],
    ["messages.1", { messages: CALLED }],
  ])("is not told of %s, and who asks is", async (param, fields) => {
    await join({ models: [`vicuna-${param}`] });
    const asked = openai.chat.completions.create({ ...ask(`vicuna-${param}`, "Hi"), ...fields });
    await expect(asked).rejects.toMatchObject({ status: 400, param });
  });

  test("is asked for no more than its context holds", async () => {
    await join({ models: ["short"], contextLength: 8 });
    const asked = openai.chat.completions.create(ask("short", "a b c d e f g"));
    await expect(asked).rejects.toMatchObject({ status: 400, code: "context_length_exceeded" });
  });

  test("has its errors told as such, before the first token by another worker's answer", async () => {
    const failure = { text: "**NETWORK ERROR**\n\n(secret)", error_code: 50001 };
    await join({ models: ["failing"], chunks: [failure] });
    const failed = await openai.chat.completions.create(ask("failing", "Hi")).catch((it) => it);
    expect(failed).toMatchObject({ status: 502 });
    expect(failed.message).not.toContain("secret");
    await join({ models: ["failing"] });
    for (let time = 0; time < 4; time += 1) {
      const reply = await openai.chat.completions.create(ask("failing", "Hi"));
      expect(reply.choices[0]?.message.content).toContain("You said");
    }
    const begun = { text: "Well", error_code: 0, usage: null, finish_reason: null };
    await join({ models: ["half"], chunks: [begun, failure], chunkMs: 20 });
    const stream = await openai.chat.completions.create({ ...ask("half", "Hi"), stream: true });
    let text = "";
    const read = async () => {
      for await (const chunk of stream) text += chunk.choices[0]?.delta.content ?? "";
    };
    await expect(read()).rejects.toThrow();
    expect(text).toBe("Well");
  });

  test("is let go when the reader leaves", async () => {
    const worker = await join({ models: ["slow"], chunkMs: 10, answer: () => "word ".repeat(500) });
    const stream = await openai.chat.completions.create({ ...ask("slow", "Hi"), stream: true });
    for await (const _ of stream) break;
    await vi.waitFor(() => expect(worker.left).toBe(1), { timeout: 3_000 });
  });
});

describe("its life", () => {
  test("killed in the middle of an answer it is an error event, and back again it serves", async () => {
    const answer = () => "one two three four five six seven eight";
    const worker = await join({ models: ["mortal"], answer, chunkMs: 5, diesAfterChunks: 2 });
    const stream = await openai.chat.completions.create({ ...ask("mortal", "Hi"), stream: true });
    let text = "";
    const read = async () => {
      for await (const chunk of stream) text += chunk.choices[0]?.delta.content ?? "";
    };
    await expect(read()).rejects.toThrow(/lost/);
    expect(answer().startsWith(text) && text !== "").toBe(true);
    const gone = await openai.chat.completions.create(ask("mortal", "Hi")).catch((it) => it);
    expect([502, 503]).toContain(gone.status);
    const port = Number(new URL(worker.address).port);
    await join({ models: ["mortal"], answer, port });
    const again = await openai.chat.completions.create(ask("mortal", "Hi"));
    expect(again.choices[0]?.message.content).toBe(answer());
  });

  test("a beat keeps it, and one of a stranger makes it register", async () => {
    const worker = await join({ models: ["beating"] });
    expect(await worker.beat()).toBe(true);
    const stranger = await call(`${TOKEN}/receive_heart_beat`, {
      ...{ worker_name: "http://127.0.0.1:9", queue_length: 0 },
    });
    expect(await stranger.json()).toEqual({ exist: false });
  });

  test("told to leave it is not registered again by its beats, but by a new start", async () => {
    const worker = await join({ models: ["leaving"] });
    const [view] = (await api.controller.listWorkers()).filter(
      ({ address }) => address === worker.address,
    );
    await api.controller.order(view?.id ?? "", "remove");
    expect(await worker.beat()).toBe(true);
    expect(await worker.beat()).toBe(true);
    const models = (await api.controller.listModels()).map(({ name }) => name);
    expect(models).not.toContain("leaving");
    await worker.register();
    await whenServed(worker.address);
  });

  test("beside a worker of ours it serves the same model, and dies without anybody's notice", async () => {
    const worker = await join({ models: ["mock/echo"], chunkMs: 20 });
    await api.addWorker({ models: ["mock/echo"], tokenMs: 20 });
    const askAll = async () => {
      const asked = Array.from({ length: 8 }, () =>
        openai.chat.completions.create(ask("mock/echo", "Say this after me")),
      );
      const replies = await Promise.all(asked);
      return replies.filter((it) => it.choices[0]?.message.content?.startsWith("You said"));
    };
    const told = await askAll();
    expect(told.length).toBeGreaterThan(0);
    expect(told.length).toBeLessThan(8);
    await worker.die();
    expect(await askAll()).toEqual([]);
  });

  test("one that never beats and wants to be asked is served, too", async () => {
    const worker = new FastchatTestWorker({ models: ["quiet"] });
    await worker.start();
    onTestFinished(() => worker.die());
    const reply = await call(`${TOKEN}/register_worker`, {
      ...{ worker_name: `${worker.address}/`, check_heart_beat: false, worker_status: null },
    });
    expect([reply.status, await reply.json()]).toEqual([200, null]);
    await whenServed(worker.address);
    expect(worker.calls).toContain("/worker_get_status");
    const [view] = (await api.controller.listWorkers()).filter(({ models }) =>
      models.some(({ name }) => name === "quiet"),
    );
    expect(view).toMatchObject({ kind: "fastchat", state: "ready", address: worker.address });
  });
});

describe("the controller's calls", () => {
  test("list models and name the worker of one", async () => {
    const worker = await join({ models: ["listed", "alias"] });
    const models = await (await call(`${TOKEN}/list_models`)).json();
    expect(models.models).toEqual(expect.arrayContaining(["alias", "listed"]));
    const language = await (await call(`${TOKEN}/list_language_models`)).json();
    expect(language).toEqual(models);
    expect(await (await call(`${TOKEN}/list_multimodal_models`)).json()).toEqual({ models: [] });
    const found = await call(`${TOKEN}/get_worker_address`, { model: "alias" });
    expect(await found.json()).toEqual({ address: worker.address });
    const none = await call(`${TOKEN}/get_worker_address`, { model: "nobody" });
    expect(await none.json()).toEqual({ address: "" });
    expect((await call(`${TOKEN}/refresh_all_workers`)).status).toBe(200);
    const tested = await fetch(`${controllerUrl()}/test_connection`);
    expect(await tested.json()).toBe("success");
  });

  test("are closed without the token, in FastChat's words", async () => {
    const body = { worker_name: "http://127.0.0.1:9", queue_length: 0 };
    const bare = await call("receive_heart_beat", body);
    expect([bare.status, (await bare.json()).code]).toEqual([401, 40101]);
    const wrong = await call("not-the-token-at-all/receive_heart_beat", body);
    expect([wrong.status, (await wrong.json()).code]).toEqual([403, 40102]);
    const basic = (password: string) => ({
      authorization: `Basic ${Buffer.from(`parley:${password}`).toString("base64")}`,
    });
    expect((await call("receive_heart_beat", body, basic(TOKEN))).status).toBe(200);
    expect((await call("receive_heart_beat", body, basic("no"))).status).toBe(403);
    expect((await call(`${TOKEN}/no_such_call`)).status).toBe(404);
    expect((await call(`${TOKEN}/test_connection`)).status).toBe(405);
  });

  test.each([
    ["no URL", { worker_name: "worker", check_heart_beat: true }],
    ["no web address", { worker_name: "file:///etc/passwd", check_heart_beat: true }],
    ["a password", { worker_name: "http://a:b@host", check_heart_beat: true }],
  ])("refuse a worker's name that is %s", async (_name, body) => {
    const refused = await call(`${TOKEN}/register_worker`, body);
    expect(refused.status).toBe(400);
    expect(await refused.json()).toMatchObject({ object: "error", code: 40001 });
    expect((await call(`${TOKEN}/register_worker`, { check_heart_beat: 1 })).status).toBe(400);
  });

  test("have no secret in metrics", async () => {
    const metrics = await (await fetch(`${api.url}/metrics`)).text();
    expect(metrics).toContain('route="/controller/register_worker"');
    expect(metrics).not.toContain(TOKEN);
  });
});
