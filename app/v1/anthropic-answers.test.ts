/**
 * Goal: Anthropic's own client gets text, JSON that fits its schema and calls that it can run, from a
 * real model. Method: the official package and its helpers against the route handlers, with a bundled
 * model served by the real backend behind them.
 */
import { join } from "node:path";
import Anthropic from "@anthropic-ai/sdk";
import { zodOutputFormat } from "@anthropic-ai/sdk/helpers/zod";
import type { MessageParam } from "@anthropic-ai/sdk/resources/messages";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import * as z from "zod";

vi.hoisted(() => {
  process.env.PARLEY_WORKER_SECRET = "a secret of the tests";
  process.env.PARLEY_API_KEY = "api-key-of-the-tests";
});

import { createOnnxBackend } from "@/worker/backends/onnx";
import { type ApiServer, startApiServer } from "./__fixtures__/api-server";

const ROOT = join(import.meta.dirname, "../..");
let api: ApiServer;
let client: Anthropic;

beforeAll(async () => {
  api = await startApiServer();
  const backend = await createOnnxBackend({
    ...{ modelFolders: [join(ROOT, "models", "pico-l")], threads: 1, slots: 4 },
    threadUrl: new URL("../../dist/engine-thread.mjs", import.meta.url),
  });
  await api.addWorker({ backend });
  client = new Anthropic({ baseURL: api.url, apiKey: "api-key-of-the-tests", maxRetries: 0 });
});
afterAll(() => api.close());

const user = (content: string): MessageParam => ({ role: "user", content });
/** The earlier version's word for an answer without chance. */
const greedy = { temperature: 0 } as object;
const base = { model: "pico-l", max_tokens: 200, ...greedy };

test("a plain answer is the same whole and streamed, and its prompt is counted as it is", async () => {
  const messages = [user("What is the capital of Japan?")];
  const system = "Answer in one word. ".repeat(10);
  const body = { ...base, messages, system };
  const whole = await client.messages.create(body);
  const streamed = await client.messages.stream(body).finalMessage();
  expect(whole.stop_reason).toBe("end_turn");
  expect(whole.content).toHaveLength(1);
  expect(streamed.content).toEqual(whole.content);
  const counted = await client.messages.countTokens({ model: base.model, system, messages });
  for (const { usage } of [whole, streamed]) {
    const { input_tokens, cache_read_input_tokens } = usage;
    expect(input_tokens + (cache_read_input_tokens ?? 0)).toBe(counted.input_tokens);
  }
  expect(streamed.usage.cache_read_input_tokens).toBeGreaterThan(0);
  const cut = await client.messages.create({ ...body, max_tokens: 1 });
  expect(cut).toMatchObject({ stop_reason: "max_tokens", usage: { output_tokens: 1 } });
  const none = await client.messages.create({ ...body, max_tokens: 0 });
  expect(none).toMatchObject({ content: [], stop_reason: "max_tokens" });
});

test("a format is kept, and the client's helper reads the answer", async () => {
  const PERSON = z.object({ name: z.string(), age: z.number().int() });
  const format = zodOutputFormat(PERSON);
  const messages = [user("Give me JSON with name and age for Ana, 31.")];
  const body = { ...base, messages, output_config: { format } };
  const whole = await client.messages.parse(body);
  expect(whole.parsed_output).toEqual({ name: "Ana", age: 31 });
  const streamed = await client.messages.stream(body).finalMessage();
  expect(streamed.parsed_output).toEqual({ name: "Ana", age: 31 });
  const schema = { type: "object", minProperties: 3, maxProperties: 1 };
  const error = await client.messages
    .create({ ...body, output_config: { format: { type: "json_schema", schema } } })
    .catch((it: unknown) => it);
  expect(error).toBeInstanceOf(Anthropic.BadRequestError);
  expect(error).toMatchObject({ details: { param: "output_config.format" } });
});

const ADDENDS = z.strictObject({ a: z.number().int(), b: z.number().int() });
const number = { type: "integer", minimum: 0, maximum: 99 };
const add = {
  ...{ name: "add", strict: true },
  input_schema: {
    type: "object" as const,
    ...{ properties: { a: number, b: number }, required: ["a", "b"], additionalProperties: false },
  },
};

test("a tool is called with input that fits, whole and streamed, and its result is answered", async () => {
  const messages = [user("What is 47 + 38?")];
  const body = {
    ...{ ...base, messages, tools: [add] },
    tool_choice: { type: "any" as const, disable_parallel_tool_use: true },
  };
  const whole = await client.messages.create(body);
  expect(whole.stop_reason).toBe("tool_use");
  expect(whole.content).toHaveLength(1);
  const [call] = whole.content;
  if (call?.type !== "tool_use") throw new Error("no call");
  expect(call.name).toBe("add");
  expect(ADDENDS.safeParse(call.input).error).toBeUndefined();
  const parts: string[] = [];
  const runner = client.messages.stream(body).on("inputJson", (part) => parts.push(part));
  const streamed = await runner.finalMessage();
  expect(streamed.content).toMatchObject([{ type: "tool_use", name: "add", input: call.input }]);
  expect(JSON.parse(parts.join(""))).toEqual(call.input);
  expect(parts.length).toBeGreaterThan(2);

  const round: MessageParam[] = [
    ...messages,
    { role: "assistant", content: whole.content },
    { role: "user", content: [{ type: "tool_result", tool_use_id: call.id, content: "85" }] },
  ];
  const answered = await client.messages.create({
    ...{ ...base, tools: [add], tool_choice: { type: "none" } },
    messages: round,
  });
  expect(answered.stop_reason).toBe("end_turn");
  expect(answered.content.map((it) => it.type)).toEqual(["text"]);
  // The tools are part of the prompt unless none may be called, and so are the call and its result.
  const count = (of: MessageParam[], more: object = { tools: [add] }) => {
    return client.messages.countTokens({ model: base.model, messages: of, ...more });
  };
  const [first, offered, last] = await Promise.all([
    ...[count(messages, {}), count(messages)],
    count(round, { tools: [add], tool_choice: { type: "none" } }),
  ]);
  const prompt = ({ usage }: typeof whole) =>
    usage.input_tokens + (usage.cache_read_input_tokens ?? 0);
  expect(offered?.input_tokens).toBe(prompt(whole));
  expect(offered?.input_tokens).toBeGreaterThan((first?.input_tokens ?? 0) + 10);
  expect(last?.input_tokens).toBe(prompt(answered));
  expect(last?.input_tokens).toBeGreaterThan((first?.input_tokens ?? 0) + 10);
});

test("schemas that no tool can have are refused under the tools' name", async () => {
  const input_schema = { type: "object" as const, properties: { a: { type: "strin" } } };
  const error = await client.messages
    .create({
      ...{ ...base, messages: [user("x")], tool_choice: { type: "any" } },
      tools: [add, { name: "bad", strict: true, input_schema }],
    })
    .catch((it: unknown) => it);
  expect(error).toBeInstanceOf(Anthropic.BadRequestError);
  expect(error).toMatchObject({ details: { param: "tools" } });
});
