/**
 * Goal: every field of OpenAI's request has an answer of ours, and none that matters is ignored.
 * Method: the table is held to the type of the official package; each row is tried with values that ask
 * for nothing and values that ask for something.
 */
import type { ResponseCreateParams } from "openai/resources/responses/responses";
import { describe, expect, test } from "vitest";
import { toBodyError } from "@/lib/http/describe-issue";
import { MESSAGES_MAX } from "@/lib/limits";
import { generateRequestSchema } from "@/lib/protocol/generate-request";
import type { Message } from "@/lib/protocol/message";
import type { FieldRule } from "@/lib/util/field-rule";
import { RESPONSE_EXTENSION_FIELDS, RESPONSE_FIELDS } from "./fields";
import type { Item } from "./item";
import { responseRequestSchema, toGenerateRequest } from "./request";
import { toMessages } from "./to-messages";

type Fields = keyof ResponseCreateParams;
// Fails to compile when the package knows a field that has no row, or a row has no field.
const rules: Record<Fields, FieldRule> = RESPONSE_FIELDS;
const fields: Record<keyof typeof RESPONSE_FIELDS, Fields> = Object.fromEntries(
  Object.keys(RESPONSE_FIELDS).map((name) => [name, name]),
) as Record<Fields, Fields>;

const base = { model: "m", input: "hi" };

function parse(more: Record<string, unknown>) {
  const parsed = responseRequestSchema.safeParse({ ...base, ...more }, { reportInput: true });
  if (!parsed.success) return { error: toBodyError(parsed.error) };
  const { data } = parsed;
  // Ids and references are the store's to give.
  const items = (data.input ?? []).map((item, index) => ({ ...item, id: `i${index}` }) as Item);
  const { instructions } = data;
  const messages = toMessages({ instructions, before: [], items });
  const request = toGenerateRequest(data, { messages: messages as Message[], requestId: "r" });
  // What goes to a worker is always what a worker takes.
  expect(generateRequestSchema.safeParse(request).error).toBeUndefined();
  return { request, data };
}

const tool = { type: "function", name: "f", parameters: { type: "object" }, strict: true };

/** For each field: values that are taken, and values that are refused as asking for what is not offered. */
const MATRIX: Record<Fields, { taken: unknown[]; refused: unknown[] }> = {
  model: { taken: ["m", "a/b"], refused: [] },
  input: { taken: ["x", [{ role: "user", content: "x" }]], refused: [] },
  instructions: { taken: ["", "Be brief."], refused: [] },
  previous_response_id: { taken: ["resp_1"], refused: [] },
  temperature: { taken: [0, 0.7, 2], refused: [] },
  top_p: { taken: [0, 0.5, 1], refused: [] },
  max_output_tokens: { taken: [1, 4_096], refused: [] },
  tools: { taken: [[], [tool]], refused: [] },
  tool_choice: { taken: ["none", "auto"], refused: [] },
  parallel_tool_calls: { taken: [true, false], refused: [] },
  text: {
    taken: [
      ...[{}, { format: null, verbosity: null }, { verbosity: "medium" }],
      ...[{ format: { type: "text" } }, { format: { type: "json_object" } }],
      { format: { type: "json_schema", name: "x", strict: true, schema: { type: "object" } } },
    ],
    refused: [],
  },
  reasoning: { taken: [{}, { effort: null }, { effort: "low", summary: "auto" }], refused: [] },
  include: { taken: [[], ["message.output_text.logprobs"]], refused: [] },
  top_logprobs: { taken: [0], refused: [] },
  store: { taken: [true, false], refused: [] },
  background: { taken: [true, false], refused: [] },
  stream: { taken: [true, false], refused: [] },
  stream_options: { taken: [null], refused: [] },
  metadata: { taken: [{}, { a: "b" }], refused: [] },
  user: { taken: ["u"], refused: [] },
  safety_identifier: { taken: ["s"], refused: [] },
  prompt_cache_key: { taken: ["k"], refused: [] },
  prompt_cache_options: { taken: [{}, { mode: "implicit" }], refused: [] },
  prompt_cache_retention: { taken: ["24h", "in_memory"], refused: [] },
  context_management: { taken: [[]], refused: [[{ type: "compaction" }]] },
  conversation: { taken: [], refused: ["conv_1", { id: "conv_1" }] },
  moderation: { taken: [], refused: [{ model: "x" }] },
  prompt: { taken: [], refused: [{ id: "pmpt_1" }] },
  service_tier: { taken: ["auto", "default"], refused: ["flex", "scale", "priority"] },
  truncation: { taken: ["disabled"], refused: ["auto"] },
};

describe("every field", () => {
  test("has a row", () => {
    expect(Object.keys(rules).toSorted()).toEqual(Object.keys(MATRIX).toSorted());
    expect(Object.keys(fields)).toHaveLength(Object.keys(MATRIX).length);
  });

  test.each(Object.keys(MATRIX) as Fields[])("%s", (name) => {
    const { taken, refused } = MATRIX[name];
    for (const value of taken) {
      const { error } = parse({ [name]: value });
      expect(error?.message, JSON.stringify(value)).toBeUndefined();
    }
    for (const value of refused) {
      const { error } = parse({ [name]: value });
      const says = { code: "unsupported-parameter", param: name };
      expect(error, JSON.stringify(value)).toMatchObject(says);
      expect(error?.message).toMatch(/^`\w+` is not supported by this server\. .+\.$/);
    }
    // Null means absent everywhere but in the two fields that must be there.
    if (name !== "model" && name !== "input") {
      expect(parse({ [name]: null }).request).toEqual(parse({}).request);
    }
  });

  test.each(Object.keys(RESPONSE_EXTENSION_FIELDS))("%s is absent as null", (name) => {
    expect(parse({ [name]: null }).request).toEqual(parse({}).request);
  });
});

test("what is read reaches the worker under our names", () => {
  const { request } = parse({
    ...{ temperature: 0.5, top_p: 0.9, max_output_tokens: 5, instructions: "s" },
    ...{ include: ["message.output_text.logprobs"], top_logprobs: 3, reasoning: { effort: "low" } },
    ...{ top_k: 40, min_p: 0.05, seed: 7, stop: "end", presence_penalty: 0.5 },
    ...{ logit_bias: { "5": -100 }, min_tokens: 2, ignore_eos: true, stop_token_ids: [3] },
    text: { format: { type: "json_schema", name: "x", schema: { type: "object" } } },
    tools: [tool, { type: "function", name: "g" }],
    tool_choice: { type: "function", name: "g" },
    parallel_tool_calls: false,
  });
  expect(request).toEqual({
    ...{ requestId: "r", model: "m", stop: ["end"], maxTokens: 5, splitReasoning: true },
    sampling: {
      ...{ temperature: 0.5, topP: 0.9, topK: 40, minP: 0.05, seed: 7, presencePenalty: 0.5 },
      logitBias: { "5": -100 },
    },
    ...{ minTokens: 2, ignoreEos: true, stopTokenIds: [3], logProbabilityCount: 3 },
    reasoningEffort: "low",
    grammar: { type: "json-schema", schema: { type: "object" } },
    toolRequest: {
      tools: [{ name: "f", isStrict: true, parameters: { type: "object" } }, { name: "g" }],
      ...{ choice: { name: "g" }, isParallel: false },
    },
    messages: [
      { role: "system", content: [{ type: "text", text: "s" }] },
      { role: "user", content: [{ type: "text", text: "hi" }] },
    ],
  });
});

test("of allowed tools the model sees no other", () => {
  const tools = [tool, { ...tool, name: "g" }, { ...tool, name: "h" }];
  const allowed = ["h", "f"].map((name) => ({ type: "function", name }));
  const tool_choice = { type: "allowed_tools", mode: "required", tools: allowed };
  const { request } = parse({ tools, tool_choice });
  expect(request?.toolRequest?.tools.map(({ name }) => name)).toEqual(["f", "h"]);
  expect(request?.toolRequest?.choice).toBe("required");
});

const call = { type: "function_call", call_id: "c1", name: "f", arguments: '{"a":1}' };
const text = (it: string) => [{ type: "text", text: it }];

describe("items", () => {
  test("become messages: calls join what the assistant said, reasoning is not shown again", () => {
    const { request } = parse({
      input: [
        { role: "developer", content: [{ type: "input_text", text: "d" }] },
        { type: "message", role: "user", content: "u", status: "completed", id: "msg_1" },
        {
          ...{ type: "reasoning", id: "rs_1", summary: [], status: "completed" },
          content: [{ type: "reasoning_text", text: "hm" }],
        },
        {
          ...{ type: "message", role: "assistant", id: "msg_2", status: "completed", phase: null },
          content: [
            { type: "output_text", text: "a", annotations: [], logprobs: [], parsed: null },
          ],
        },
        { ...call, id: "fc_1", status: "completed", parsed_arguments: { a: 1 } },
        { ...call, call_id: "c2" },
        { type: "function_call_output", call_id: "c2", output: "2", status: null },
        {
          ...{ type: "function_call_output", call_id: "c1" },
          output: [
            { type: "input_text", text: "1" },
            { type: "input_text", text: "!" },
          ],
        },
        { ...call, call_id: "c3" },
      ],
    });
    const asked = (id: string) => ({ id, name: "f", arguments: '{"a":1}' });
    expect(request?.messages).toEqual([
      { role: "system", content: text("d") },
      { role: "user", content: text("u") },
      { role: "assistant", content: text("a"), toolCalls: [asked("c1"), asked("c2")] },
      { role: "tool", content: text("2"), toolCallId: "c2" },
      { role: "tool", content: [...text("1"), ...text("!")], toolCallId: "c1" },
      { role: "assistant", content: [], toolCalls: [asked("c3")] },
    ]);
  });

  test("a call that was cut off is not shown", () => {
    const items = [
      { type: "message", role: "user", content: [{ type: "input_text", text: "u" }] },
      { ...call, arguments: '{"a', status: "incomplete" },
    ] as Item[];
    expect(toMessages({ before: items, items: [] })).toEqual([
      { role: "user", content: text("u") },
    ]);
  });

  test.each<[says: RegExp, param: string, input: unknown[]]>([
    [
      /answers no call/,
      "input.0.call_id",
      [{ type: "function_call_output", call_id: "c", output: "" }],
    ],
    [/nothing to answer/, "input", []],
    [/nothing to answer/, "input", [{ role: "system", content: "s" }]],
  ])("%s", (message, param, input) => {
    expect(() => parse({ input })).toThrow(
      expect.objectContaining({ code: "invalid-request", param }),
    );
    expect(() => parse({ input })).toThrow(message);
  });
});

const image = { type: "input_image", image_url: "data:image/png;base64,AA==", detail: "auto" };
const NOT_OFFERED = "unsupported-parameter";

test.each<[param: string, fields: Record<string, unknown>, code?: string]>([
  ["input", { input: null }],
  ["input", { input: 5 }],
  ["input.0.role", { input: [{ role: "tool", content: "x" }] }],
  ["input.0.content", { input: [{ role: "user" }] }],
  ["input.0.content", { input: [{ role: "user", content: [] }] }],
  ["input.0.content.0.image_url", { input: [{ role: "user", content: [image] }] }],
  [
    "input.0.content.0.type",
    {
      input: [
        { role: "system", content: [{ ...image, image_url: "https://pictures.example/cat.png" }] },
      ],
    },
  ],
  [
    "input.0.content.0.file_id",
    { input: [{ role: "user", content: [{ ...image, file_id: "f" }] }] },
  ],
  [
    "input.0.content.0.type",
    { input: [{ role: "user", content: [{ type: "input_file", file_id: "f" }] }] },
    NOT_OFFERED,
  ],
  ["input.0.content.0.type", { input: [{ role: "user", content: [{ type: "text", text: "x" }] }] }],
  [
    "input.0.content.0.type",
    { input: [{ role: "assistant", content: [{ type: "input_text", text: "x" }] }] },
  ],
  ["input.0.content", { input: [{ role: "user", content: "\ud800" }] }],
  ["input.0.name", { input: [{ role: "user", content: "x", name: "Ana" }] }],
  ["input.0.type", { input: [{ type: "web_search_call", id: "ws_1" }] }, NOT_OFFERED],
  ["input.0.type", { input: [{ type: "__proto__" }] }, NOT_OFFERED],
  ["input.0.id", { input: [{}] }],
  ["input.0.arguments", { input: [{ type: "function_call", call_id: "c", name: "f" }] }],
  ["input.0.name", { input: [{ ...call, name: "not a name" }] }],
  ["input.0.caller.type", { input: [{ ...call, caller: { type: "program", caller_id: "p" } }] }],
  [
    "input.0.encrypted_content",
    { input: [{ type: "reasoning", summary: [], encrypted_content: "x" }] },
  ],
  ["input", { input: Array(MESSAGES_MAX + 1).fill({ role: "user", content: "x" }) }],
  ["instructions", { instructions: ["x"] }],
  ["instructions", { instructions: "\ud800" }],
  ["max_output_tokens", { max_output_tokens: 0 }],
  ["min_tokens", { min_tokens: 9, max_output_tokens: 8 }],
  ["tools.0.type", { tools: [{ type: "web_search" }] }, NOT_OFFERED],
  ["tools.0.type", { tools: [{ type: "custom", name: "x" }] }, NOT_OFFERED],
  ["tools.0.name", { tools: [{ type: "function", function: { name: "f" } }] }],
  ["tools.0.name", { tools: [{ ...tool, name: "not a name" }] }],
  ["tools.0.defer_loading", { tools: [{ ...tool, defer_loading: true }] }],
  ["tools.1.name", { tools: [tool, tool] }],
  ["tool_choice", { tool_choice: "required" }],
  ["tool_choice.type", { tools: [tool], tool_choice: { type: "file_search" } }, NOT_OFFERED],
  ["tool_choice.name", { tools: [tool], tool_choice: { type: "function", name: "g" } }],
  [
    "tool_choice.tools.0.name",
    {
      tools: [tool],
      tool_choice: {
        type: "allowed_tools",
        mode: "auto",
        tools: [{ type: "function", name: "g" }],
      },
    },
  ],
  ["text.verbosity", { text: { verbosity: "low" } }, NOT_OFFERED],
  ["text.format.type", { text: { format: { type: "grammar" } } }],
  ["text.format.schema", { text: { format: { type: "json_schema", name: "x" } } }],
  ["text.format.name", { text: { format: { type: "json_schema", name: "?", schema: {} } } }],
  ["reasoning.effort", { reasoning: { effort: "huge" } }],
  ["reasoning.summary", { reasoning: { summary: "concise" } }, NOT_OFFERED],
  ["reasoning.generate_summary", { reasoning: { summary: "auto", generate_summary: "detailed" } }],
  ["reasoning.mode", { reasoning: { mode: "pro" } }],
  ["include.0", { include: ["reasoning.encrypted_content"] }, NOT_OFFERED],
  ["include.0", { include: ["file_search_call.results"] }, NOT_OFFERED],
  ["top_logprobs", { top_logprobs: 5 }],
  ["top_logprobs", { include: ["message.output_text.logprobs"], top_logprobs: 21 }],
  ["stream_options", { stream_options: {} }],
  [
    "stream_options.include_obfuscation",
    { stream: true, stream_options: { include_obfuscation: true } },
  ],
  ["background", { background: true, store: false }],
  ["metadata.a", { metadata: { a: 5 } }],
  ["metadata.a", { metadata: { a: "x".repeat(513) } }],
  ["metadata", { metadata: Object.fromEntries(Array.from({ length: 17 }, (_, at) => [at, ""])) }],
  ["prompt_cache_retention", { prompt_cache_retention: "1h" }],
  ["max_tool_calls", { max_tool_calls: 0 }],
  ["n", { n: 2 }],
  ["messages", { messages: [] }],
  ["__proto__", JSON.parse('{"__proto__": 1}')],
])("%s is refused by name (%#)", (param, fields, code = "invalid-request") => {
  const { error } = parse(fields);
  expect(error).toMatchObject({ code, param });
  expect(error?.message).toMatch(/\.$/);
});
