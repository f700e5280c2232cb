/**
 * Goal: every field of OpenAI's request has an answer of ours, and none that matters is ignored.
 * Method: the table is held to the type of the official package; each row is tried with values that ask
 * for nothing and values that ask for something.
 */
import type {
  ChatCompletionCreateParams,
  ChatCompletionMessage,
} from "openai/resources/chat/completions";
import { describe, expect, test } from "vitest";
import { toBodyError } from "@/lib/http/describe-issue";
import { generateRequestSchema } from "@/lib/protocol/generate-request";
import type { Message } from "@/lib/protocol/message";
import type { FieldRule } from "@/lib/util/field-rule";
import { CHAT_FIELDS, EXTENSION_FIELDS } from "./fields";
import { chatRequestSchema, toGenerateRequest } from "./request";

type Fields = keyof ChatCompletionCreateParams;
// Fails to compile when the package knows a field that has no row, or a row has no field.
const rules: Record<Fields, FieldRule> = CHAT_FIELDS;
const fields: Record<keyof typeof CHAT_FIELDS, Fields> = Object.fromEntries(
  Object.keys(CHAT_FIELDS).map((name) => [name, name]),
) as Record<Fields, Fields>;

const base = { model: "m", messages: [{ role: "user", content: "hi" }] };

function parse(more: Record<string, unknown>) {
  const parsed = chatRequestSchema.safeParse({ ...base, ...more }, { reportInput: true });
  if (!parsed.success) return { error: toBodyError(parsed.error) };
  const request = toGenerateRequest(parsed.data, {
    messages: parsed.data.messages as Message[],
    requestId: "r",
  });
  // What goes to a worker is always what a worker takes.
  expect(generateRequestSchema.safeParse(request).error).toBeUndefined();
  return { request };
}

/** For each field: values that are taken, and values that are refused as asking for what is not offered. */
const MATRIX: Record<Fields, { taken: unknown[]; refused: unknown[] }> = {
  model: { taken: ["m", "a/b"], refused: [] },
  messages: { taken: [base.messages], refused: [] },
  temperature: { taken: [0, 0.7, 2], refused: [] },
  top_p: { taken: [0, 0.5, 1], refused: [] },
  max_tokens: { taken: [1, 4_096], refused: [] },
  max_completion_tokens: { taken: [1, 4_096], refused: [] },
  stop: { taken: ["x", ["x", "y"], []], refused: [] },
  seed: { taken: [0, -1, 2 ** 40], refused: [] },
  stream: { taken: [true, false], refused: [] },
  stream_options: { taken: [null], refused: [] },
  metadata: { taken: [{}, { a: "b" }], refused: [] },
  parallel_tool_calls: { taken: [true, false], refused: [] },
  prediction: { taken: [{ type: "content", content: "x" }], refused: [] },
  prompt_cache_key: { taken: ["k"], refused: [] },
  prompt_cache_options: { taken: [{}], refused: [] },
  prompt_cache_retention: { taken: ["24h"], refused: [] },
  safety_identifier: { taken: ["s"], refused: [] },
  user: { taken: ["u"], refused: [] },
  audio: { taken: [], refused: [{ voice: "alloy", format: "mp3" }] },
  frequency_penalty: { taken: [0, 0.5, -2], refused: [] },
  function_call: { taken: ["none", "auto"], refused: [{ name: "f" }] },
  functions: { taken: [[]], refused: [[{ name: "f" }]] },
  logit_bias: { taken: [{}, { "50256": -100, "0": 100 }], refused: [] },
  logprobs: { taken: [false, true], refused: [] },
  modalities: { taken: [["text"]], refused: [["text", "audio"], ["audio"], []] },
  moderation: { taken: [], refused: [{ model: "x" }] },
  n: { taken: [1, 2, 128], refused: [] },
  presence_penalty: { taken: [0, 1], refused: [] },
  reasoning_effort: { taken: ["none", "low", "max"], refused: [] },
  response_format: {
    taken: [
      ...[{ type: "text" }, { type: "json_object" }],
      { type: "json_schema", json_schema: { name: "x" } },
      { type: "json_schema", json_schema: { name: "x", strict: true, schema: { type: "object" } } },
    ],
    refused: [],
  },
  service_tier: { taken: ["auto", "default"], refused: ["flex", "priority"] },
  store: { taken: [false], refused: [true] },
  tool_choice: { taken: ["none", "auto"], refused: [] },
  tools: {
    taken: [[], [{ type: "function", function: { name: "f", description: "d", parameters: {} } }]],
    refused: [],
  },
  top_logprobs: { taken: [0], refused: [] },
  verbosity: { taken: ["medium"], refused: ["low"] },
  web_search_options: { taken: [], refused: [{}] },
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
      expect(error, JSON.stringify(value)).toMatchObject({
        code: "unsupported-parameter",
        param: name,
      });
      expect(error?.message).toMatch(/^`\w+` is not supported by this server\. .+\.$/);
    }
    // Null means absent everywhere but in the two fields that must be there.
    if (name !== "model" && name !== "messages") {
      expect(parse({ [name]: null }).request).toEqual(parse({}).request);
    }
    if (rules[name].rule === "neutral") {
      for (const value of taken)
        expect(parse({ [name]: value }).request).toEqual(parse({}).request);
    }
  });
});

test("what is read reaches the worker under our names", () => {
  const { request } = parse({
    temperature: 0.5,
    top_p: 0.9,
    seed: 7,
    stop: "end",
    max_completion_tokens: 5,
    messages: [
      { role: "system", content: "s" },
      { role: "developer", content: [{ type: "text", text: "d" }] },
      { role: "user", content: "u", name: null, type: "text" },
      { role: "assistant", content: "a", tool_calls: [], refusal: null, audio: null },
      { role: "user", content: "" },
    ],
  });
  expect(request).toEqual({
    requestId: "r",
    model: "m",
    sampling: { temperature: 0.5, topP: 0.9, seed: 7 },
    stop: ["end"],
    maxTokens: 5,
    splitReasoning: true,
    messages: [
      { role: "system", content: [{ type: "text", text: "s" }] },
      { role: "system", content: [{ type: "text", text: "d" }] },
      { role: "user", content: [{ type: "text", text: "u" }] },
      { role: "assistant", content: [{ type: "text", text: "a" }] },
      { role: "user", content: [{ type: "text", text: "" }] },
    ],
  });
});

describe("what programs put on messages and does not concern the model", () => {
  const user = { role: "user", content: "u" };
  const messagesOf = (...messages: object[]) => {
    const { request, error } = parse({ messages });
    expect(error).toBeUndefined();
    return request?.messages;
  };
  const call = { id: "c1", type: "function", function: { name: "f", arguments: "{}" } };
  const audio = { id: "a", data: "AA==", expires_at: 1, transcript: "t" };
  const citation = { start_index: 0, end_index: 1, title: "t", url: "u" };

  test("a reply as OpenAI's clients write it out, each field null or empty", () => {
    // Fails to compile when the package's replies get a field that is not tried here.
    const dumped: Record<keyof ChatCompletionMessage, unknown> = {
      ...{ role: "assistant", content: "a", annotations: null, audio: null },
      ...{ function_call: null, refusal: null, tool_calls: null },
    };
    const plain = messagesOf(user, { role: "assistant", content: "a" }, user);
    expect(messagesOf(user, dumped, user)).toEqual(plain);
    for (const nothing of [null, [], {}]) {
      const others = {
        ...{ reasoning_details: nothing, thinking_blocks: nothing, images: nothing },
        ...{ provider_specific_fields: nothing, annotations: nothing, parsed: nothing },
      };
      expect(messagesOf(user, { ...dumped, ...others }, user), String(nothing)).toEqual(plain);
      expect(messagesOf({ ...user, ...others })).toEqual(messagesOf(user));
    }
  });

  test("what stands beside the text of an assistant is left", () => {
    const beside = {
      annotations: [{ type: "url_citation", url_citation: citation }],
      ...{ parsed: { a: 1 }, provider_specific_fields: { refusal: null } },
      thinking_blocks: [{ type: "thinking", thinking: "hm", signature: "s" }],
      reasoning_details: [{ type: "reasoning.text", text: "hm" }],
    };
    const plain = { role: "assistant", content: "a" };
    expect(messagesOf(user, { ...plain, ...beside })).toEqual(messagesOf(user, plain));
    expect(parse({ messages: [{ ...user, ...beside }] }).error).toMatchObject({
      code: "unsupported-parameter",
      param: "messages.0.annotations",
    });
    const read = { ...call, function: { ...call.function, parsed_arguments: {} } };
    const asks = { role: "assistant", content: null };
    expect(messagesOf(user, { ...asks, tool_calls: [read] })).toEqual(
      messagesOf(user, { ...asks, tool_calls: [call] }),
    );
  });

  test("what asks for more than text is refused by name", () => {
    for (const [name, value] of Object.entries({ audio, images: [{ type: "image_url" }] })) {
      const { error } = parse({
        messages: [user, { role: "assistant", content: "a", [name]: value }],
      });
      expect(error).toMatchObject({ code: "unsupported-parameter", param: `messages.1.${name}` });
    }
  });

  test("names, and marks of caches on messages, parts and tools", () => {
    const cache_control = { type: "ephemeral", ttl: "1h" };
    const prompt_cache_breakpoint = { mode: "explicit" };
    const part = { type: "text", text: "u", cache_control, prompt_cache_breakpoint };
    for (const role of ["system", "user", "assistant"]) {
      expect(messagesOf({ role, content: [part], name: "Ann", cache_control })).toEqual(
        messagesOf({ role, content: "u" }),
      );
    }
    const marked = { type: "function", cache_control, function: { name: "f", cache_control } };
    const { request } = parse({ tools: [marked] });
    expect(request?.toolRequest).toEqual(
      parse({ tools: [{ type: "function", function: { name: "f" } }] }).request?.toolRequest,
    );
  });

  test.each<[param: string, message: object]>([
    ["messages.0.name", { ...user, name: 5 }],
    ["messages.0.name", { role: "tool", tool_call_id: "c", content: "5", name: ["f"] }],
    ["messages.0.cache_control.type", { ...user, cache_control: { type: "forever" } }],
    [
      "messages.0.content.0.prompt_cache_breakpoint.mode",
      { ...user, content: [{ type: "text", text: "u", prompt_cache_breakpoint: { mode: "x" } }] },
    ],
  ])("%s is refused by name: %j", (param, message) => {
    const { error } = parse({ messages: [message] });
    expect(error).toMatchObject({ code: "invalid-request", param });
  });

  test("an answer without words and calls is an empty one", () => {
    const empty = { role: "assistant", content: null, tool_calls: [] };
    expect(messagesOf(user, empty, user)?.[1]).toEqual({
      ...{ role: "assistant", content: [{ type: "text", text: "" }] },
    });
    const { error } = parse({ messages: [user, { role: "assistant", content: null }] });
    expect(error).toMatchObject({ param: "messages.1.content" });
    const { error: asked } = parse({ messages: [{ role: "user", tool_calls: [] }] });
    expect(asked).toMatchObject({ param: "messages.0.content" });
  });
});

test("what steers and describes the draw reaches the worker, OpenAI's and the others' words", () => {
  const { request } = parse({
    ...{ presence_penalty: 0.5, frequency_penalty: -0.5, logit_bias: { "5": -100, "17": 2.5 } },
    ...{ top_k: 40, min_p: 0.05, repetition_penalty: 1.1, logprobs: true, top_logprobs: 3 },
    ...{ min_tokens: 2, max_tokens: 9, ignore_eos: true, stop_token_ids: [3, 4] },
  });
  expect(request).toEqual({
    ...{ requestId: "r", model: "m", messages: expect.anything(), stop: [] },
    sampling: {
      ...{ presencePenalty: 0.5, frequencyPenalty: -0.5, logitBias: { "5": -100, "17": 2.5 } },
      ...{ topK: 40, minP: 0.05, repetitionPenalty: 1.1 },
    },
    ...{ minTokens: 2, maxTokens: 9, ignoreEos: true, stopTokenIds: [3, 4] },
    ...{ logProbabilityCount: 3, splitReasoning: true },
  });
  expect(parse({ logprobs: true }).request?.logProbabilityCount).toBe(0);
  expect(parse({ top_k: -1 }).request?.sampling).toEqual({ topK: 0 });
});

describe("what an answer must look like", () => {
  const schema = { type: "object", properties: { a: { type: "integer" } } };
  const named = (name: string, more = {}) => ({ type: "function", function: { name, ...more } });

  test.each<[fields: Record<string, unknown>, grammar: unknown]>([
    [{ response_format: { type: "text" } }, undefined],
    [{ response_format: { type: "json_object" } }, { type: "json-object" }],
    [
      { response_format: { type: "json_schema", json_schema: { name: "x" } } },
      { type: "json-object" },
    ],
    [
      { response_format: { type: "json_schema", json_schema: { name: "x", schema } } },
      { type: "json-schema", schema },
    ],
    [{ structured_outputs: { regex: "[0-9]+" } }, { type: "regex", pattern: "[0-9]+" }],
    [{ structured_outputs: { choice: ["a", "b"] } }, { type: "choice", choices: ["a", "b"] }],
    [{ structured_outputs: { json: schema } }, { type: "json-schema", schema }],
    [{ structured_outputs: { json_object: true } }, { type: "json-object" }],
  ])("%j", (fields, grammar) => {
    expect(parse(fields).request?.grammar).toEqual(grammar);
  });

  test("tools, and which may or must be called", () => {
    const tools = [named("f", { strict: true, parameters: schema }), named("g", { strict: null })];
    const wanted = [{ name: "f", isStrict: true, parameters: schema }, { name: "g" }];
    expect(parse({ tools }).request?.toolRequest).toEqual({
      ...{ tools: wanted, choice: "auto", isParallel: true },
    });
    const one = { tools, tool_choice: named("g"), parallel_tool_calls: false };
    expect(parse(one).request?.toolRequest).toEqual({
      ...{ tools: wanted, choice: { name: "g" }, isParallel: false },
    });
    expect(parse({ tools: [] }).request?.toolRequest).toBeUndefined();
  });

  test("calls and their results, as clients send them back", () => {
    const call = { id: "c1", type: "function", function: { name: "f", arguments: '{"a":1}' } };
    const { request } = parse({
      messages: [
        { role: "user", content: "u" },
        { role: "assistant", content: null, tool_calls: [call], reasoning_content: "hm" },
        { role: "tool", tool_call_id: "c1", name: "f", content: "2" },
      ],
    });
    expect(request?.messages.slice(1)).toEqual([
      {
        ...{ role: "assistant", content: [] },
        toolCalls: [{ id: "c1", name: "f", arguments: '{"a":1}' }],
      },
      { role: "tool", content: [{ type: "text", text: "2" }], toolCallId: "c1" },
    ]);
  });

  test.each<[param: string, fields: Record<string, unknown>, code?: string]>([
    ["response_format.type", { response_format: { type: "yaml" } }],
    ["response_format.json_schema", { response_format: { type: "json_schema" } }],
    [
      "response_format.json_schema.schema",
      { response_format: { type: "json_schema", json_schema: { name: "x", schema: [] } } },
    ],
    [
      "response_format.json_schema.schema",
      {
        response_format: {
          type: "json_schema",
          json_schema: { name: "x", schema: { description: "x".repeat(140_000) } },
        },
      },
    ],
    ["structured_outputs", { structured_outputs: {} }],
    ["structured_outputs", { structured_outputs: { regex: "a", choice: ["b"] } }],
    ["structured_outputs.grammar", { structured_outputs: { grammar: "root ::= a" } }],
    [
      "structured_outputs",
      { structured_outputs: { regex: "a" }, response_format: { type: "json_object" } },
    ],
    ["tools.0.type", { tools: [{ type: "web_search" }] }, "unsupported-parameter"],
    ["tools.0.function.name", { tools: [named("not a name")] }],
    ["tools.0.function.strict", { tools: [named("f", { strict: "yes" })] }],
    ["tools.1.function.name", { tools: [named("f"), named("f")] }],
    ["tools", { tools: Array.from({ length: 129 }, (_, index) => named(`f${index}`)) }],
    ["tool_choice", { tool_choice: "required" }],
    ["tool_choice.function.name", { tools: [named("f")], tool_choice: named("g") }],
    ["parallel_tool_calls", { parallel_tool_calls: 1 }],
    ["messages.0.tool_call_id", { messages: [{ role: "tool", content: "2" }] }],
    [
      "messages.1.tool_call_id",
      {
        messages: [
          { role: "user", content: "u" },
          { role: "tool", tool_call_id: "c", content: "2" },
        ],
      },
    ],
    ["messages.0.tool_call_id", { messages: [{ role: "user", content: "2", tool_call_id: "c" }] }],
    [
      "messages.0.tool_calls",
      {
        messages: [
          {
            ...{ role: "user", content: "2" },
            tool_calls: [{ id: "c", ...named("f", { arguments: "{}" }) }],
          },
        ],
      },
    ],
    [
      "messages.0.tool_calls.0.function.arguments",
      { messages: [{ role: "assistant", tool_calls: [{ id: "c", ...named("f") }] }] },
    ],
  ])("%s is refused by name: %j", (param, fields, code = "invalid-request") => {
    expect(parse(fields).error).toMatchObject({ code, param });
  });
});

test.each(Object.keys(EXTENSION_FIELDS))("%s is absent as null, like every field", (name) => {
  expect(parse({ [name]: null }).request).toEqual(parse({}).request);
});

test.each<[param: string, value: unknown, says: RegExp]>([
  ["guided_json", { type: "object" }, /`structured_outputs: \{"json"/],
  ["guided_regex", "a", /`structured_outputs: \{"regex"/],
  ["guided_choice", ["a"], /`structured_outputs: \{"choice"/],
  ["chat_template", "{{ messages }}", /own template/],
  ["chat_template_kwargs", { enable_thinking: false }, /`reasoning_effort`/],
  ["enable_thinking", false, /`reasoning_effort`.*"none"/],
  ["add_generation_prompt", false, /remove it/],
  ["continue_final_message", true, /remove it/],
])("%s of other servers is refused with what to send instead", (param, value, says) => {
  const { error } = parse({ [param]: value });
  expect(error).toMatchObject({ code: "unsupported-parameter", param });
  expect(error?.message).toMatch(says);
});

test.each<[param: string, fields: Record<string, unknown>, says?: RegExp]>([
  [
    "response_format.json_schema.name",
    { response_format: { type: "json_schema", json_schema: { name: "My Schema" } } },
    /name` must have 1 to 64 letters, digits, underscores or dashes\.$/,
  ],
  [
    "tools.0.function.name",
    { tools: [{ type: "function", function: { name: "server.tool" } }] },
    /name` must have 1 to 64 letters, digits, underscores or dashes\.$/,
  ],
  ["top_k", { top_k: -2 }],
  ["top_k", { top_k: 1.5 }],
  ["top_k", { top_k: "40" }],
  ["min_p", { min_p: 1 }],
  ["min_p", { min_p: -0.1 }],
  ["presence_penalty", { presence_penalty: 2.1 }],
  ["frequency_penalty", { frequency_penalty: -2.1 }],
  ["repetition_penalty", { repetition_penalty: 0 }],
  ["repetition_penalty", { repetition_penalty: 11 }],
  ["logit_bias", { logit_bias: { hello: 1 } }, /tokens by their ids/],
  ["logit_bias", { logit_bias: { "-1": 1 } }, /tokens by their ids/],
  ["logit_bias.7", { logit_bias: { "7": 101 } }],
  ["logit_bias", { logit_bias: [1] }],
  [
    "logit_bias",
    { logit_bias: Object.fromEntries(Array.from({ length: 1_025 }, (_, id) => [id, 1])) },
    /at most 1024 entries/,
  ],
  ["logprobs", { logprobs: 5 }],
  ["top_logprobs", { logprobs: true, top_logprobs: 21 }],
  ["top_logprobs", { top_logprobs: 5 }, /needs `logprobs: true`/],
  ["top_logprobs", { logprobs: false, top_logprobs: 5 }, /needs `logprobs: true`/],
  ["n", { n: 0 }],
  ["n", { n: 129 }],
  ["min_tokens", { min_tokens: -1 }],
  ["min_tokens", { min_tokens: 9, max_tokens: 8 }, /more than the 8 tokens/],
  ["ignore_eos", { ignore_eos: 1 }],
  ["stop_token_ids", { stop_token_ids: 5 }],
  ["stop_token_ids.0", { stop_token_ids: [-1] }],
  ["stop_token_ids", { stop_token_ids: Array.from({ length: 65 }, (_, id) => id) }],
])("%s is refused by name: %j", (param, fields, says = /./) => {
  const { error } = parse(fields);
  expect(error).toMatchObject({ code: "invalid-request", param });
  expect(error?.message).toMatch(says);
  expect(error?.message).toMatch(/\.$/);
});

test("the same limit under both names is one limit; two limits are a contradiction", () => {
  expect(parse({ max_tokens: 5, max_completion_tokens: 5 }).request?.maxTokens).toBe(5);
  expect(parse({ max_tokens: 5, max_completion_tokens: 6 }).error).toMatchObject({
    code: "invalid-request",
    param: "max_tokens",
  });
});
