/**
 * Goal: calls, reasoning and formats reach Anthropic's own client as blocks, whole and streamed alike.
 * Method: the official package against the route handlers over HTTP; a worker behind them says what the
 * test wrote for it.
 */
import Anthropic from "@anthropic-ai/sdk";
import type { Message } from "@anthropic-ai/sdk/resources/messages";
import { afterAll, beforeAll, expect, test, vi } from "vitest";

vi.hoisted(() => {
  process.env.PARLEY_WORKER_SECRET = "a secret of the tests";
});

import type { FinishReason, GenerateEvent } from "@/lib/protocol/generate-event";
import type { GenerateRequest } from "@/lib/protocol/generate-request";
import type { Backend } from "@/worker/backend";
import { createMockBackend } from "@/worker/backends/mock";
import { type ApiServer, startApiServer } from "./__fixtures__/api-server";

const seen: GenerateRequest[] = [];
type Script = { events: GenerateEvent[]; finish: FinishReason };
const script: Script = { events: [], finish: "stop" };
let api: ApiServer;
let client: Anthropic;

beforeAll(async () => {
  api = await startApiServer();
  await api.addWorker({ backend: scriptedBackend("test/scripted") });
  client = new Anthropic({ baseURL: api.url, apiKey: "any", maxRetries: 0 });
});
afterAll(() => api.close());

const messages = [{ role: "user" as const, content: "What is 1 + 2?" }];
const text = (it: string) => ({ type: "text", text: it });
const call = (index: number, id: string, name: string): GenerateEvent => {
  return { type: "tool-call-start", index, id, name };
};
const argument = (index: number, it: string): GenerateEvent => {
  return { type: "tool-call-delta", index, text: it, tokens: 1 };
};
const say = (it: string): GenerateEvent => ({ type: "text-delta", text: it, tokens: 1 });
const reason = (it: string): GenerateEvent => ({ type: "reasoning-delta", text: it, tokens: 2 });

const asked = { model: "test/scripted", max_tokens: 2_000, messages };
const tools = [
  { name: "look", description: "Looks.", input_schema: { type: "object" as const } },
  { name: "add", input_schema: { type: "object" as const, properties: { a: {} } } },
];
/** Both ways; the client's helper must come to the same message. */
async function ask(more: object): Promise<Message> {
  const body = { ...asked, ...more };
  const whole = await client.messages.create(body);
  const streamed = await client.messages.stream(body).finalMessage();
  expect({ ...streamed, id: "" }).toMatchObject({ ...whole, id: "" });
  return whole as Message;
}

test("calls stand after the text, each with its input, and the results go back", async () => {
  Object.assign(script, {
    events: [
      ...[say("I look"), say(" it up."), call(0, "call_1", "look"), call(1, "call_2", "add")],
      ...[argument(1, '{"a":'), argument(1, " [1, 2]"), argument(1, "}")],
    ],
    finish: "tool-calls",
  });
  const reply = await ask({ tools, tool_choice: { type: "any" } });
  const caller = { type: "direct" };
  expect(reply.content).toEqual([
    text("I look it up."),
    { type: "tool_use", id: "call_1", name: "look", input: {}, caller },
    { type: "tool_use", id: "call_2", name: "add", input: { a: [1, 2] }, caller },
  ]);
  expect(reply.stop_reason).toBe("tool_use");
  expect(seen.at(-1)?.toolRequest).toMatchObject({ choice: "required", isParallel: true });

  Object.assign(script, { events: [say("It is 3.")], finish: "stop" });
  const last = await ask({
    tools,
    messages: [
      ...messages,
      { role: "assistant", content: reply.content },
      {
        role: "user",
        content: [
          { type: "tool_result", tool_use_id: "call_1", content: "nothing", is_error: true },
          { type: "tool_result", tool_use_id: "call_2", content: [{ type: "text", text: "3" }] },
        ],
      },
    ],
  });
  expect(last.content).toEqual([text("It is 3.")]);
  expect(seen.at(-1)?.messages.slice(1)).toEqual([
    {
      ...{ role: "assistant", content: [{ type: "text", text: "I look it up." }] },
      toolCalls: [
        { id: "call_1", name: "look", arguments: "{}" },
        { id: "call_2", name: "add", arguments: '{"a":[1,2]}' },
      ],
    },
    {
      ...{ role: "tool", toolCallId: "call_1" },
      content: [
        { type: "text", text: "Error: " },
        { type: "text", text: "nothing" },
      ],
    },
    { role: "tool", toolCallId: "call_2", content: [{ type: "text", text: "3" }] },
  ]);
});

test("what a provider wants back of thoughts stands in their blocks, and reaches the worker again", async () => {
  const seal = (it: string): GenerateEvent => ({ type: "thought-seal", seal: `parley-${it}` });
  Object.assign(script, {
    events: [
      ...[reason("I could"), reason(" look."), seal("1"), seal("2"), say("I look.")],
      ...[reason("Again."), seal("3"), seal("4"), call(0, "call_1", "look")],
    ],
    finish: "tool-calls",
  });
  const thinking = { type: "enabled", budget_tokens: 1_024 };
  const reply = await ask({ tools, thinking });
  expect(reply.content).toEqual([
    { type: "thinking", thinking: "I could look.", signature: "parley-1" },
    { type: "redacted_thinking", data: "parley-2" },
    text("I look."),
    { type: "thinking", thinking: "Again.", signature: "parley-3" },
    { type: "redacted_thinking", data: "parley-4" },
    expect.objectContaining({ type: "tool_use", id: "call_1" }),
  ]);
  const result = { type: "tool_result", tool_use_id: "call_1", content: "3" };
  const sentBack = (content: readonly object[]) => [
    ...messages,
    { role: "assistant", content },
    { role: "user", content: [result] },
  ];
  await ask({ tools, thinking, messages: sentBack(reply.content) });
  expect(seen.at(-1)?.messages[1]).toMatchObject({
    thoughts: [
      { text: "I could look.", seal: "parley-1", after: 0 },
      { text: "", seal: "parley-2", after: 0 },
      { text: "Again.", seal: "parley-3", after: 1 },
      { text: "", seal: "parley-4", after: 1 },
    ],
  });
  // What another place has signed goes nowhere.
  const foreign = { type: "thinking", thinking: "Hm.", signature: "EqQBCgIYAhIM" };
  await ask({ tools, thinking, messages: sentBack([foreign, ...reply.content.slice(-1)]) });
  expect(seen.at(-1)?.messages[1]).not.toHaveProperty("thoughts");
  // Who did not ask for thinking is told of none.
  const { content } = await ask({ tools });
  expect(content.map(({ type }) => type)).toEqual(["text", "tool_use"]);
});

test("the client's loop over tools runs them and comes to an answer", async () => {
  const given: unknown[] = [];
  Object.assign(script, {
    events: [call(0, "call_1", "add"), argument(0, '{"a": 1}')],
    finish: "tool-calls",
  });
  const runner = client.beta.messages.toolRunner({
    ...asked,
    tools: [
      {
        ...{ type: "custom", name: "add", input_schema: { type: "object" } },
        parse: (input: unknown) => input,
        run: (input: unknown) => {
          given.push(input);
          Object.assign(script, { events: [say("It is 3.")], finish: "stop" });
          return "3";
        },
      },
    ],
  });
  const last = await runner.runUntilDone();
  expect(given).toEqual([{ a: 1 }]);
  expect(last.content).toEqual([text("It is 3.")]);
  expect(seen.at(-1)?.messages.map((it) => it.role)).toEqual(["user", "assistant", "tool"]);
});

test("a call that was cut off is told as such, and one that is no JSON is an error", async () => {
  Object.assign(script, {
    events: [call(0, "call_1", "add"), argument(0, '{"a": [1')],
    finish: "length",
  });
  const cut = await client.messages.create({ ...asked, tools });
  expect(cut).toMatchObject({ content: [{ type: "tool_use", input: {} }] });
  expect(cut.stop_reason).toBe("max_tokens");
  script.finish = "tool-calls";
  const error = await client.messages.create({ ...asked, tools }).catch((it: unknown) => it);
  expect(error).toMatchObject({ status: 502, type: "api_error", errorCode: "upstream_invalid" });
});

test("what follows another kind of thing is a block of its own, and nothing is none", async () => {
  Object.assign(script, {
    events: [reason("So."), say("A"), say(""), call(0, "call_1", "look"), say("B"), reason("Hm.")],
    finish: "stop",
  });
  const reply = await ask({ tools, thinking: { type: "adaptive" } });
  const kinds = reply.content.map((it) => it.type);
  expect(kinds).toEqual(["thinking", "text", "tool_use", "text", "thinking"]);
  Object.assign(script, { events: [say("")], finish: "stop" });
  expect((await ask({})).content).toEqual([]);
});

test("reasoning is a block of its own where it is asked for, and counted in any case", async () => {
  Object.assign(script, {
    events: [reason("So"), reason(" it is."), say("Yes.")],
    finish: "stop",
  });
  const shown = await ask({ thinking: { type: "enabled", budget_tokens: 1_024 } });
  const thinking = { type: "thinking", thinking: "So it is.", signature: "" };
  expect(shown.content).toEqual([thinking, text("Yes.")]);
  expect(shown.usage.output_tokens_details).toEqual({ thinking_tokens: 4 });
  expect((await ask({ thinking: { type: "adaptive" } })).content).toEqual(shown.content);
  const omitted = await ask({ thinking: { type: "adaptive", display: "omitted" } });
  expect(omitted.content).toEqual([{ ...thinking, thinking: "" }, text("Yes.")]);
  for (const more of [{}, { thinking: { type: "disabled" } }]) {
    const hidden = await ask(more);
    expect(hidden.content).toEqual([text("Yes.")]);
    expect(hidden.usage.output_tokens_details).toEqual({ thinking_tokens: 4 });
  }
  const next = [...messages, { role: "assistant", content: shown.content }, ...messages];
  await ask({ messages: next });
  expect(seen.at(-1)?.messages[1]).toEqual({
    ...{ role: "assistant", content: [{ type: "text", text: "Yes." }] },
  });
});

test("what an earlier prompt had paid for is counted apart", async () => {
  Object.assign(script, { events: [say("Yes.")], finish: "stop" });
  const { usage } = await ask({});
  expect(usage).toMatchObject({ input_tokens: 7, cache_read_input_tokens: 3 });
});

test("fields of earlier versions and formats reach the worker", async () => {
  const schema = { type: "object", properties: {}, additionalProperties: false };
  await ask({
    temperature: 0.5,
    top_k: 5,
    top_p: 0.5,
    output_config: { format: { type: "json_schema", schema } },
  });
  expect(seen.at(-1)).toMatchObject({
    ...{ sampling: { temperature: 0.5, topK: 5, topP: 0.5 }, maxTokens: 2_000 },
    ...{ grammar: { type: "json-schema", schema }, splitReasoning: true },
  });
});

/** Says what the script has, to whatever it is asked. */
function scriptedBackend(name: string): Backend {
  const mock = createMockBackend({ models: ["mock/echo"], slots: 4, tokenMs: 0 });
  return {
    ...mock,
    card() {
      const card = mock.card();
      const models = card.models.map((model): typeof model => {
        return { ...model, name, features: ["chat", "tokenize", "tools", "grammar", "reasoning"] };
      });
      return { ...card, models };
    },
    async *generate(request) {
      seen.push(request);
      const sampling = { temperature: 1, topP: 1, seed: 0 };
      const head = { model: name, build: "0".repeat(64), promptTokens: 10, maxTokens: 2_000 };
      yield { type: "generation-start", ...head, sampling };
      yield* script.events;
      yield {
        ...{ type: "generation-end", finishReason: script.finish },
        usage: { promptTokens: 10, completionTokens: 5, cachedPromptTokens: 3 },
        timing: { queuedMs: 0, firstTokenMs: 1, durationMs: 1 },
      };
    },
  };
}
