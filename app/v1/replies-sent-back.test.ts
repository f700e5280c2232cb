/**
 * Goal: a conversation goes on with the replies as a client holds them, whatever it wrote beside their
 * text. Method: the official package's own objects, and what its Python sibling writes out of them, are
 * appended and sent to the real routes with a bundled model behind them.
 */
import { join } from "node:path";
import OpenAI from "openai";
import type {
  ChatCompletionFunctionTool,
  ChatCompletionMessageParam,
} from "openai/resources/chat/completions";
import { afterAll, beforeAll, expect, test, vi } from "vitest";

vi.hoisted(() => {
  process.env.PARLEY_WORKER_SECRET = "a secret of the tests";
});

import { createOnnxBackend } from "@/worker/backends/onnx";
import { type ApiServer, startApiServer } from "./__fixtures__/api-server";

const model = "pico-s";
let api: ApiServer;
let client: OpenAI;

beforeAll(async () => {
  api = await startApiServer();
  const backend = await createOnnxBackend({
    ...{ modelFolders: [join(import.meta.dirname, "../../models", model)], threads: 1, slots: 2 },
    threadUrl: new URL("../../dist/engine-thread.mjs", import.meta.url),
  });
  await api.addWorker({ backend });
  client = new OpenAI({ baseURL: `${api.url}/v1`, apiKey: "none", maxRetries: 0 });
});
afterAll(() => api.close());

const asked: ChatCompletionMessageParam = { role: "user", content: "Hi", name: "Ann" };
const schema = {
  ...{ type: "object", properties: { a: { type: "boolean" } }, required: ["a"] },
  additionalProperties: false,
};

test("replies written out whole, over several turns", async () => {
  const messages: ChatCompletionMessageParam[] = [asked];
  for (let turn = 0; turn < 3; turn++) {
    const { choices } = await client.chat.completions.create({ model, messages, max_tokens: 4 });
    const dumped = {
      ...{ annotations: null, audio: null, function_call: null, tool_calls: null },
      ...choices[0]?.message,
    };
    // The package's types know no null in its place; Python's client writes it all the same.
    messages.push(dumped as unknown as ChatCompletionMessageParam, asked);
  }
  expect(messages).toHaveLength(7);
});

test("an answer that the client has parsed", async () => {
  const parsed = await client.chat.completions.parse({
    ...{ model, messages: [asked], max_tokens: 64 },
    response_format: { type: "json_schema", json_schema: { name: "x", schema } },
  });
  const [choice] = parsed.choices;
  expect(choice?.message.parsed).toEqual({ a: expect.any(Boolean) });
  const messages = [asked, choice!.message, asked];
  const next = await client.chat.completions.create({ model, messages, max_tokens: 4 });
  expect(next.choices).toHaveLength(1);
});

test("a call whose arguments the client has parsed, and its result", async () => {
  const tools: (ChatCompletionFunctionTool & { function: { strict: true } })[] = [
    { type: "function", function: { name: "f", strict: true, parameters: schema } },
  ];
  const tool_choice = { type: "function", function: { name: "f" } } as const;
  const body = { model, messages: [asked], tools, tool_choice, max_tokens: 64 };
  const { message } = (await client.chat.completions.parse(body)).choices[0]!;
  const [call] = message.tool_calls ?? [];
  expect(call?.function.parsed_arguments).toEqual({ a: expect.any(Boolean) });
  const result = { role: "tool", tool_call_id: call!.id, content: "ok" } as const;
  const messages = [asked, message, result];
  const next = await client.chat.completions.create({ model, messages, tools, max_tokens: 4 });
  expect(next.choices).toHaveLength(1);
});
