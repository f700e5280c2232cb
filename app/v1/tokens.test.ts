/**
 * Goal: what programs written for vLLM and FastChat ask about tokens is answered as there, and counts what
 * an answer is charged for. Method: plain requests to the real routes, with a bundled model behind them.
 */
import { join } from "node:path";
import OpenAI from "openai";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";

vi.hoisted(() => {
  process.env.PARLEY_WORKER_SECRET = "a secret of the tests";
  process.env.PARLEY_API_KEY = "api-key-of-the-tests";
});

import { createOnnxBackend } from "@/worker/backends/onnx";
import { type ApiServer, startApiServer } from "./__fixtures__/api-server";

const ROOT = join(import.meta.dirname, "../..");
const model = "pico-s";
const KEY = "api-key-of-the-tests";
let api: ApiServer;
let client: OpenAI;

beforeAll(async () => {
  api = await startApiServer();
  const backend = await createOnnxBackend({
    ...{ modelFolders: [join(ROOT, "models", model)], threads: 1, slots: 2 },
    threadUrl: new URL("../../dist/engine-thread.mjs", import.meta.url),
  });
  await api.addWorker({ backend });
  client = new OpenAI({ baseURL: `${api.url}/v1`, apiKey: KEY, maxRetries: 0 });
});
afterAll(() => api.close());

/** What these tests look for in replies of any of the paths. */
type Body = {
  count: number;
  max_model_len: number;
  tokens: number[];
  token_strs: string[];
  choices: Choice[];
  usage: { prompt_tokens: number };
  error: { param: string };
};
type Choice = {
  index: number;
  text: string;
  message: { content: string };
  logprobs: {
    token_logprobs: (number | null)[];
    top_logprobs: (Record<string, number> | null)[];
  };
};
type Reply = { status: number; body: Body; headers: Headers };

async function call(path: string, body?: unknown, init: RequestInit = {}): Promise<Reply> {
  const reply = await fetch(`${api.url}${path}`, {
    method: body === undefined ? "GET" : "POST",
    ...(body !== undefined && { body: JSON.stringify(body) }),
    headers: { authorization: `Bearer ${KEY}`, "content-type": "application/json" },
    ...init,
  });
  return {
    ...{ status: reply.status, headers: reply.headers },
    // Whether it is so is what each test looks at.
    body: (await reply.json()) as Body,
  };
}

const messages = [{ role: "user" as const, content: "What is the capital of Japan?" }];
const tools = [{ type: "function" as const, function: { name: "f", description: "A function." } }];

describe("POST /tokenize", () => {
  test("counts a text, alone while there is one model and by name", async () => {
    const prompt = "Once upon a time";
    const named = await call("/tokenize", { model, prompt, add_special_tokens: false });
    expect(named.status).toBe(200);
    expect(named.headers.get("x-parley-model")).toBe(model);
    expect(named.body).toEqual({
      ...{ count: named.body.tokens.length, max_model_len: expect.any(Number) },
      ...{ tokens: expect.any(Array), token_strs: null },
    });
    expect((await call("/tokenize", { prompt, add_special_tokens: false })).body).toEqual(
      named.body,
    );
    const back = await call("/detokenize", { model, tokens: named.body.tokens });
    expect(back.body).toEqual({ prompt });
    const told = await call("/tokenize", { model, prompt, return_token_strs: true });
    expect(told.body.token_strs).toHaveLength(told.body.count);
    expect(told.body.token_strs[1]).toBe("Ġupon");
    const none = await call("/tokenize", { model, prompt: "", add_special_tokens: false });
    expect(none.body).toMatchObject({ count: 0, tokens: [] });
  });

  test("counts a conversation as an answer to it is charged, tools included", async () => {
    for (const more of [{}, { tools }]) {
      const counted = await call("/tokenize", { model, messages, ...more });
      const { usage } = await client.chat.completions.create({
        ...{ model, messages, max_tokens: 1, ...more },
      });
      expect(counted.body.count).toBe(usage?.prompt_tokens);
    }
    const open = await call("/tokenize", { model, messages, add_generation_prompt: false });
    const whole = await call("/tokenize", { model, messages });
    expect(open.body.count).toBeLessThan(whole.body.count);
  });

  test.each([
    [{ model }, "prompt"],
    [{ model, prompt: "x", messages }, "prompt"],
    [{ model, prompt: 5 }, "prompt"],
    [{ model, prompt: "x", tools }, "tools"],
    [{ model, prompt: "x", add_generation_prompt: true }, "add_generation_prompt"],
    [{ model, messages, add_special_tokens: true }, "add_special_tokens"],
    [{ model, messages, continue_final_message: true }, "continue_final_message"],
    [{ model, messages, chat_template: "{{ x }}" }, "chat_template"],
    [{ model, messages, chat_template_kwargs: { a: 1 } }, "chat_template_kwargs"],
    [{ model, messages, reasoning_effort: "high" }, "reasoning_effort"],
    [{ model, messages: [{ role: "robot", content: "x" }] }, "messages.0.role"],
    [{ model, prompt: "x", colour: "red" }, "colour"],
  ])("%j is refused and %s named", async (body, param) => {
    const { status, body: reply } = await call("/tokenize", body);
    expect(status).toBe(400);
    expect(reply.error).toMatchObject({ type: "invalid_request_error", param });
  });

  test("a text of any length is counted, and a conversation that is far too long is not", async () => {
    const content = "one two ".repeat(40_000);
    const text = await call("/tokenize", { model, prompt: content, add_special_tokens: false });
    expect(text.body.count).toBeGreaterThan(80_000);
    const chat = await call("/tokenize", { model, messages: [{ role: "user", content }] });
    expect([chat.status, chat.body.error]).toMatchObject([
      400,
      { code: "context_length_exceeded", param: "messages" },
    ]);
  });

  test("what asks for nothing is taken", async () => {
    const nothing = { continue_final_message: false, chat_template: null, mm_processor_kwargs: {} };
    expect((await call("/tokenize", { model, messages, ...nothing })).status).toBe(200);
    expect((await call("/tokenize", { model, messages, reasoning_effort: "none" })).status).toBe(
      200,
    );
  });
});

test("POST /detokenize names what is no token", async () => {
  for (const tokens of [[-1], [1.5], ["a"], "abc", [1, 999_999]]) {
    const { status, body } = await call("/detokenize", { model, tokens });
    expect([status, body.error.param]).toEqual([400, expect.stringMatching(/^tokens/)]);
  }
});

test("GET /tokenizer_info tells what harnesses look for, and no path of this machine", async () => {
  const { status, body } = await call(`/tokenizer_info?model=${model}`);
  expect(status).toBe(200);
  expect(body).toMatchObject({
    ...{ tokenizer_class: expect.any(String), eos_token: "<|im_end|>" },
    ...{ chat_template: expect.stringContaining("<|im_start|>") },
    model_max_length: expect.any(Number),
  });
  for (const path of ["/tokenizer_info", "/tokenizer_info?model="]) {
    expect((await call(path)).body).toEqual(body);
  }
  expect(JSON.stringify(body)).not.toContain(ROOT);
});

test("each needs a key, speaks OpenAI's errors, and tells its methods", async () => {
  for (const path of ["/tokenize", "/detokenize", "/api/v1/token_check"]) {
    const keyless = await call(path, {}, { headers: { "content-type": "application/json" } });
    expect([path, keyless.status]).toEqual([path, 401]);
    expect(keyless.body.error).toMatchObject({ code: "invalid_api_key" });
    const wrong = await call(path);
    expect([path, wrong.status, wrong.headers.get("allow")]).toEqual([path, 405, "POST"]);
    expect(wrong.body.error).toMatchObject({ type: "invalid_request_error" });
  }
  expect((await call("/tokenizer_info", {})).status).toBe(405);
  for (const path of ["/api/v1", "/api/v1/models", "/v1/nothing", "/v1/engines/x/embeddings"]) {
    const unknown = await call(path, {});
    expect([path, unknown.status]).toEqual([path, 404]);
    expect(unknown.body.error).toMatchObject({ type: "invalid_request_error" });
  }
  expect((await call("/tokenize", { model: "gpt-4o", prompt: "x" })).status).toBe(404);
});

describe("FastChat's endpoints", () => {
  test("token_check says of each prompt whether it fits", async () => {
    const prompt = "Once upon a time";
    const { count, max_model_len } = (await call("/tokenize", { model, prompt })).body;
    const prompts = [0, max_model_len - count, max_model_len - count + 1].map((max_tokens) => {
      return { model, prompt, max_tokens };
    });
    const { status, body } = await call("/api/v1/token_check", { prompts });
    expect(status).toBe(200);
    const entry = { tokenCount: count, contextLength: max_model_len };
    expect(body).toEqual({ prompts: [true, true, false].map((fits) => ({ fits, ...entry })) });
    for (const [wrong, param] of [
      [{}, "prompts"],
      [{ prompts: [] }, "prompts"],
      [{ prompts: [{ model, prompt, max_tokens: -1 }] }, "prompts.0.max_tokens"],
      [{ prompts: [{ model, prompt }] }, "prompts.0.max_tokens"],
    ] as const) {
      const refused = await call("/api/v1/token_check", wrong);
      expect([refused.status, refused.body.error.param]).toEqual([400, param]);
    }
    const unknown = { prompts: [{ model: "gpt-4o", prompt, max_tokens: 1 }] };
    expect((await call("/api/v1/token_check", unknown)).status).toBe(404);
  });

  test("chat/completions goes on with a text as it is, or answers messages", async () => {
    const base = { model, temperature: 0, max_tokens: 8, top_k: -1, repetition_penalty: 1 };
    const raw = await call("/api/v1/chat/completions", { ...base, messages: "Once upon a time" });
    expect(raw.status).toBe(200);
    const completed = await client.completions.create({
      ...{ model, temperature: 0, max_tokens: 8, prompt: "Once upon a time" },
    });
    expect(raw.body.choices[0]?.message.content).toBe(completed.choices[0]?.text);
    expect(raw.body.usage).toMatchObject({ prompt_tokens: completed.usage?.prompt_tokens });
    const chat = await call("/api/v1/chat/completions", { ...base, messages });
    const own = await client.chat.completions.create({ ...base, messages });
    expect(chat.body.choices[0]?.message).toEqual(own.choices[0]?.message);
    const streamed = await fetch(`${api.url}/api/v1/chat/completions`, {
      ...{ method: "POST", body: JSON.stringify({ ...base, messages: "Once", stream: true }) },
      headers: { authorization: `Bearer ${KEY}`, "content-type": "application/json" },
    });
    expect((await streamed.text()).trim().endsWith("data: [DONE]")).toBe(true);
    for (const [more, param] of [
      [{ messages: "" }, "messages"],
      [{ messages: "x", tools }, "tools"],
      [{ messages: "x", reasoning_effort: "low" }, "reasoning_effort"],
      [{ messages: [{ role: "user" }] }, "messages.0.content"],
      [{ messages: "x", top_k: -2 }, "top_k"],
      [{}, "messages"],
    ] as const) {
      const refused = await call("/api/v1/chat/completions", { ...base, ...more });
      expect([refused.status, refused.body.error.param]).toEqual([400, param]);
    }
  });
});

test("a control token's id is asked for by its name alone; within a text its name is text", async () => {
  const { body } = await call("/tokenize", { prompt: "<|im_end|>", add_special_tokens: false });
  expect(body.count).toBe(1);
  expect((await call("/detokenize", { tokens: body.tokens })).body).toEqual({
    ...{ prompt: "<|im_end|>" },
  });
  const within = { prompt: "<|im_end|>.", add_special_tokens: false };
  expect((await call("/tokenize", within)).body.tokens).not.toContain(body.tokens[0]);
});

/** As lm-evaluation-harness asks for log-likelihoods and texts (`local-completions`). */
describe("an evaluation harness", () => {
  const encode = async (prompt: string): Promise<number[]> =>
    (await call("/tokenize", { prompt, add_special_tokens: false })).body.tokens;
  const score = async (prompt: number[][], maxTokens: number): Promise<Choice[]> => {
    const { status, body } = await call("/v1/completions", {
      ...{ model, prompt, temperature: 0, max_tokens: maxTokens, logprobs: 1, seed: 1234 },
      echo: true,
    });
    expect(status).toBe(200);
    return body.choices.toSorted((one: Choice, other: Choice) => one.index - other.index);
  };

  test("gets exact log-likelihoods of continuations, several prompts at once", async () => {
    const context = await encode("The capital of Japan is");
    const endings = [await encode(" Tokyo"), await encode(" a banana")];
    const prompts = endings.map((ending) => [...context, ...ending]);
    const sums: number[] = [];
    for (const choice of await score(prompts, 1)) {
      const { token_logprobs: own, top_logprobs: top } = choice.logprobs;
      const prompt = prompts[choice.index] ?? [];
      expect(own).toHaveLength(prompt.length + 1);
      expect(own[0]).toBeNull();
      expect(top[0]).toBeNull();
      let isGreedy = true;
      // As the harness does: from the end of the context to the last token but the drawn one.
      for (let at = context.length; at < own.length - 1; at++) {
        const places = Object.values(top[at] ?? {});
        expect(places).toContain(own[at]);
        if (own[at] !== Math.max(...places)) isGreedy = false;
      }
      sums.push(own.slice(context.length, -1).reduce<number>((sum, it) => sum + (it ?? 0), 0));
      // The drawn token is the likeliest, as the very same number.
      expect(own.at(-1)).toBe(Math.max(...Object.values(top.at(-1) ?? {})));
      expect(typeof isGreedy).toBe("boolean");
    }
    expect(sums.every((it) => it < 0 && Number.isFinite(it))).toBe(true);
    // What a sequence is worth is the sum over its parts, each told by a prompt of its own.
    const [whole] = prompts;
    const [last] = await score([whole ?? []], 0);
    const again = last?.logprobs.token_logprobs ?? [];
    expect(again).toHaveLength(whole?.length ?? 0);
    const sum = again.slice(context.length).reduce<number>((total, it) => total + (it ?? 0), 0);
    expect(sum).toBeCloseTo(sums[0] ?? 0, 4);
  });

  test("gets texts up to its stops, for a list of prompts in order", async () => {
    const prompt = ["Once upon a time", "The cat"];
    const { body } = await call("/v1/completions", {
      ...{ model, prompt, max_tokens: 12, temperature: 0, seed: 1234, stop: ["\n\n", "."] },
    });
    expect(body.choices.map((it: Choice) => it.index)).toEqual([0, 1]);
    for (const { text } of body.choices) expect(text).not.toMatch(/\n\n|\./);
  });
});
