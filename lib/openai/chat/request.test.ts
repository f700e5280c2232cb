/**
 * Goal: every field of OpenAI's request has an answer of ours, and none that matters is ignored.
 * Method: the table is held to the type of the official package; each row is tried with values that ask
 * for nothing and values that ask for something.
 */
import type { ChatCompletionCreateParams } from "openai/resources/chat/completions";
import { describe, expect, test } from "vitest";
import { toBodyError } from "@/lib/http/describe-issue";
import { generateRequestSchema } from "@/lib/protocol/generate-request";
import { CHAT_FIELDS, EXTENSION_FIELDS, type FieldRule } from "./fields";
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
  const request = toGenerateRequest(parsed.data, "r");
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
  n: { taken: [1], refused: [2, 128] },
  presence_penalty: { taken: [0, 1], refused: [] },
  reasoning_effort: { taken: ["none"], refused: ["low", "high"] },
  response_format: {
    taken: [{ type: "text" }],
    refused: [{ type: "json_object" }, { type: "json_schema", json_schema: { name: "x" } }],
  },
  service_tier: { taken: ["auto", "default"], refused: ["flex", "priority"] },
  store: { taken: [false], refused: [true] },
  tool_choice: { taken: ["none", "auto"], refused: ["required", { type: "function" }] },
  tools: { taken: [[]], refused: [[{ type: "function", function: { name: "f" } }]] },
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
      { role: "user", content: "u", name: null },
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
    messages: [
      { role: "system", content: [{ type: "text", text: "s" }] },
      { role: "system", content: [{ type: "text", text: "d" }] },
      { role: "user", content: [{ type: "text", text: "u" }] },
      { role: "assistant", content: [{ type: "text", text: "a" }] },
      { role: "user", content: [{ type: "text", text: "" }] },
    ],
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
    logProbabilityCount: 3,
  });
  expect(parse({ logprobs: true }).request?.logProbabilityCount).toBe(0);
  expect(parse({ top_k: -1 }).request?.sampling).toEqual({ topK: 0 });
});

test.each(Object.keys(EXTENSION_FIELDS))("%s is absent as null, like every field", (name) => {
  expect(parse({ [name]: null }).request).toEqual(parse({}).request);
});

test.each<[param: string, fields: Record<string, unknown>, says?: RegExp]>([
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
