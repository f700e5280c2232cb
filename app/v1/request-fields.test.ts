/**
 * Goal: every field that OpenAI's client can send, down to the last part of a message, works or is a 400
 * that names it; none is ignored. Method: the fields are listed from the official package's types
 * (request-paths.ts does not compile with one missing); each stands in a request below, which is sent to
 * the real routes with a bundled model behind them.
 */
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";

vi.hoisted(() => {
  process.env.PARLEY_WORKER_SECRET = "a secret of the tests";
  process.env.PARLEY_API_KEY = "api-key-of-the-tests";
  process.env.PARLEY_MODERATION_MODEL = "mock/moderator";
});

import { PNG } from "@/lib/images/testing";
import { chatRequestSchema, toGenerateRequest } from "@/lib/openai/chat/request";
import { completionRequestSchema, toGenerateRequests } from "@/lib/openai/completions/request";
import type { Message } from "@/lib/protocol/message";
import { createOnnxBackend } from "@/worker/backends/onnx";
import { type ApiServer, startApiServer } from "./__fixtures__/api-server";
import { listPaths } from "./__fixtures__/field-path";
import {
  CHAT_PATHS,
  COMPLETION_PATHS,
  EMBEDDING_PATHS,
  MODERATION_PATHS,
  NOTHING_IS_UNLISTED,
} from "./__fixtures__/request-paths";

let api: ApiServer;
beforeAll(async () => {
  api = await startApiServer();
  const backend = await createOnnxBackend({
    ...{ modelFolders: [join(import.meta.dirname, "../../models/pico-s")], threads: 1, slots: 4 },
    threadUrl: new URL("../../dist/engine-thread.mjs", import.meta.url),
  });
  await api.addWorker({ backend });
  await api.addWorker({ models: ["mock/moderator", "mock/reader"] });
});
afterAll(() => api.close());

async function send(path: string, body: object) {
  const reply = await fetch(`${api.url}${path}`, {
    method: "POST",
    headers: { authorization: "Bearer api-key-of-the-tests", "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  return { status: reply.status, text: await reply.text() };
}

/** What becomes of a request beside its base. */
type Case = {
  fields: Record<string, unknown>;
  /** The 400's `param`. */
  refused?: string;
  /** Taken, and the model is asked nothing else than without it. */
  isLeft?: true;
  /** Seen in the reply alone. */
  shows?: RegExp;
};

const works = (...all: Record<string, unknown>[]): Case[] => all.map((fields) => ({ fields }));
const left = (...all: Record<string, unknown>[]): Case[] =>
  all.map((fields) => ({ fields, isLeft: true }));
const refused = (param: string, ...all: Record<string, unknown>[]): Case[] =>
  all.map((fields) => ({ fields, refused: param }));
const shows = (pattern: RegExp, fields: Record<string, unknown>): Case => ({
  ...{ fields, shows: pattern },
});

const breakpoint = { mode: "explicit" };
const text = { type: "text", text: "Hi", prompt_cache_breakpoint: breakpoint };
const schema = {
  ...{ type: "object", properties: { a: { type: "integer", minimum: 0, maximum: 9 } } },
  ...{ required: ["a"], additionalProperties: false },
};
const f = { description: "Does it.", name: "f", parameters: schema, strict: true };
const tools = [
  { type: "function", function: f },
  { type: "function", function: { name: "g" } },
];
const named = { type: "function", function: { name: "f" } };
const allowed = (mode: string) => ({
  ...{ type: "allowed_tools", allowed_tools: { mode, tools: [named] } },
});
const call = { id: "c", type: "function", function: { name: "f", arguments: '{"a":1}' } };
const user = { role: "user", content: "Hi" };
/** A conversation with this message in it. */
const said = (...messages: object[]) => ({ messages: [user, ...messages] });
const part = (it: object) => said({ role: "user", content: [it] });

const CHAT_CASES: Case[] = [
  ...works({ temperature: 0.5 }, { top_p: 0.5 }, { seed: 7 }, { stop: "x" }, { stop: ["x", "y"] }),
  ...works({ presence_penalty: 1 }, { frequency_penalty: 1 }, { logit_bias: { "5": -100 } }),
  ...works({ max_completion_tokens: 2, max_tokens: null }, { max_tokens: 3 }),
  ...works({ logprobs: true }, { logprobs: true, top_logprobs: 2 }),
  shows(/"index":1/, { n: 2 }),
  shows(/^data: .*data: \[DONE\]\s*$/s, { stream: true }),
  shows(/"total_tokens"/, { stream: true, stream_options: { include_usage: true } }),
  shows(/DONE/, { stream: true, stream_options: { include_obfuscation: false } }),
  ...refused("stream_options.include_obfuscation", {
    ...{ stream: true, stream_options: { include_obfuscation: true } },
  }),

  // Messages, by their roles and parts.
  ...works(said({ role: "system", content: [text] }), said({ role: "system", content: "x" })),
  ...works(said({ role: "developer", content: [text] }), said({ role: "developer", content: "x" })),
  ...works(part(text), said({ role: "assistant", content: [text] }, user)),
  ...works(said({ role: "assistant", content: null, tool_calls: [call] }, tool("x"), user)),
  ...works(said({ role: "assistant", content: "", tool_calls: [call] }, tool([text]), user)),
  ...left({ messages: [{ ...user, name: "x" }] }),
  ...works(said({ role: "system", content: "x", name: "x" })),
  ...works(said({ role: "developer", content: "x", name: "x" })),
  ...works(said({ role: "assistant", content: "x", name: "x" }, user)),
  ...refused("messages.1.name", said({ ...user, name: 5 })),
  ...refused("messages.1.role", said({ role: "function", content: "x", name: "f" })),
  ...refused("messages.1.function_call", said({ role: "assistant", function_call: legacyCall() })),
  ...refused("messages.1.audio", said({ role: "assistant", content: "x", audio: { id: "a" } })),
  ...refused("messages.1.refusal", said({ role: "assistant", content: "x", refusal: "No." })),
  ...refused(
    "messages.1.content.0.type",
    said({ role: "assistant", content: [{ type: "refusal", refusal: "No." }] }),
    ...["wav", "mp3"].map((format) =>
      part({
        ...{ type: "input_audio", input_audio: { data: "AA==", format } },
        prompt_cache_breakpoint: breakpoint,
      }),
    ),
    part({
      ...{ type: "file", file: { file_data: "AA==", file_id: "f", filename: "a.pdf" } },
      prompt_cache_breakpoint: breakpoint,
    }),
  ),
  // The model of these tests cannot see.
  ...refused(
    "model",
    ...["auto", "low", "high"].map((detail) =>
      part({
        ...{ type: "image_url", image_url: { url: `data:image/png;base64,${PNG}`, detail } },
        prompt_cache_breakpoint: breakpoint,
      }),
    ),
  ),
  ...refused(
    "messages.1.tool_calls.0.type",
    said({
      role: "assistant",
      tool_calls: [{ id: "c", type: "custom", custom: { name: "x", input: "y" } }],
    }),
  ),

  // What an answer must look like.
  ...left({ response_format: { type: "text" } }),
  ...works({ response_format: { type: "json_object" } }),
  ...works({
    response_format: {
      type: "json_schema",
      json_schema: { name: "x", description: "d", strict: true, schema },
    },
  }),
  ...works({ tools }, { tools, tool_choice: "auto" }, { tools, tool_choice: "none" }),
  ...works({ tools, tool_choice: "required" }, { tools, tool_choice: named }),
  ...works({ tools, tool_choice: allowed("auto") }, { tools, tool_choice: allowed("required") }),
  ...works({ tools, parallel_tool_calls: false }),
  ...refused(
    "tools.0.type",
    ...["lark", "regex"].map((syntax) => {
      const format = { type: "grammar", grammar: { definition: "a", syntax } };
      return { tools: [{ type: "custom", custom: { name: "x", description: "d", format } }] };
    }),
    { tools: [{ type: "custom", custom: { name: "x", format: { type: "text" } } }] },
  ),
  ...refused("tool_choice.type", {
    ...{ tools, tool_choice: { type: "custom", custom: { name: "x" } } },
  }),
  ...left({ functions: [] }, { function_call: "auto" }, { function_call: "none" }),
  ...refused("functions", { functions: [{ name: "f", description: "d", parameters: schema }] }),
  ...refused("function_call", { function_call: { name: "f" } }),
  ...left({ modalities: ["text"] }),
  ...refused("modalities", { modalities: ["text", "audio"] }),
  ...refused(
    "audio",
    ...["wav", "aac", "mp3", "flac", "opus", "pcm16"].map((format) => {
      return { audio: { format, voice: { id: "x" } } };
    }),
  ),
  ...works({ reasoning_effort: "none" }),
  ...refused(
    "reasoning_effort",
    ...["minimal", "low", "medium", "high", "xhigh", "max"].map((it) => ({ reasoning_effort: it })),
  ),
  ...left({ verbosity: "medium" }),
  ...refused("verbosity", { verbosity: "low" }, { verbosity: "high" }),

  // What changes nothing about an answer.
  ...left({ metadata: { a: "b" } }, { user: "u" }, { safety_identifier: "s" }),
  ...left({ prompt_cache_key: "k" }, { prompt_cache_retention: "24h" }),
  ...left({ prompt_cache_retention: "in_memory" }),
  ...left({ prompt_cache_options: { mode: "implicit", ttl: "30m" } }),
  ...left({ prompt_cache_options: { mode: "explicit" } }),
  ...left({ prediction: { type: "content", content: [text] } }),
  ...left({ service_tier: "auto" }, { service_tier: "default" }, { store: false }),
  ...refused("service_tier", ...["flex", "scale", "priority"].map((it) => ({ service_tier: it }))),
  ...refused("store", { store: true }),
  ...refused(
    "moderation",
    ...["score", "block"].map((mode) => {
      return { moderation: { model: "m", policy: { input: { mode }, output: { mode } } } };
    }),
  ),
  ...refused(
    "web_search_options",
    ...["low", "medium", "high"].map((search_context_size) => {
      const approximate = { city: "c", country: "c", region: "r", timezone: "t" };
      const user_location = { type: "approximate", approximate };
      return { web_search_options: { search_context_size, user_location } };
    }),
  ),
];

function tool(content: unknown) {
  return { role: "tool", tool_call_id: "c", content };
}

function legacyCall() {
  return { name: "f", arguments: "{}" };
}

const COMPLETION_CASES: Case[] = [
  ...works({ prompt: "Twice" }, { prompt: [1, 2] }, { prompt: ["a", "b"] }, { prompt: [[1], [2]] }),
  ...works({ temperature: 0.5 }, { top_p: 0.5 }, { seed: 7 }, { stop: ["x"] }, { max_tokens: 2 }),
  ...works({ presence_penalty: 1 }, { frequency_penalty: 1 }, { logit_bias: { "5": -100 } }),
  ...works({ logprobs: 1 }, { echo: true }, { best_of: 2, n: 1 }),
  shows(/"index":1/, { n: 2 }),
  shows(/^data: .*data: \[DONE\]\s*$/s, { stream: true }),
  shows(/"total_tokens"/, { stream: true, stream_options: { include_usage: true } }),
  ...refused("stream_options.include_obfuscation", {
    ...{ stream: true, stream_options: { include_obfuscation: true } },
  }),
  ...refused("suffix", { suffix: "end" }),
  ...left({ suffix: "" }, { user: "u" }),
];

const EMBEDDING_CASES: Case[] = [
  ...[{ input: "x" }, { input: ["x", "y"] }].map((fields) => shows(/"embedding"/, fields)),
  shows(/"embedding":\[/, { encoding_format: "float" }),
  shows(/"embedding":"/, { encoding_format: "base64" }),
  ...refused("dimensions", { dimensions: 8 }),
  shows(/"embedding"/, { user: "u" }),
];

const MODERATION_CASES: Case[] = [
  ...[{ input: "x" }, { input: ["x", "y"] }, { input: [{ type: "text", text: "x" }] }].map((it) =>
    shows(/"flagged"/, it),
  ),
  ...refused("input.0.type", { input: [{ type: "image_url", image_url: { url: "x" } }] }),
];

const hear = (model: string) => ({ model, max_tokens: 1, temperature: 0 });
const chatBase = { ...hear("pico-s"), messages: [user] };
const completionBase = { ...hear("pico-s"), prompt: "Once" };

type Endpoint = {
  path: string;
  base: Record<string, unknown>;
  cases: Case[];
  listed: readonly string[];
  /** What workers are asked. */
  toRequests?(body: unknown): unknown;
};

const ENDPOINTS: Endpoint[] = [
  {
    ...{ path: "/v1/chat/completions", base: chatBase, cases: CHAT_CASES, listed: CHAT_PATHS },
    toRequests: (body) => {
      const parsed = chatRequestSchema.parse(body);
      // None of those that are taken shows an image that is elsewhere.
      const messages = parsed.messages as Message[];
      return toGenerateRequest(parsed, { messages, requestId: "r" });
    },
  },
  {
    ...{ path: "/v1/completions", base: completionBase, cases: COMPLETION_CASES },
    listed: COMPLETION_PATHS,
    toRequests: (body) => toGenerateRequests(completionRequestSchema.parse(body), "r"),
  },
  {
    ...{ path: "/v1/embeddings", base: { model: "mock/reader", input: "x" } },
    ...{ cases: EMBEDDING_CASES, listed: EMBEDDING_PATHS },
  },
  {
    ...{ path: "/v1/moderations", base: { input: "x" } },
    ...{ cases: MODERATION_CASES, listed: MODERATION_PATHS },
  },
];

describe.each(ENDPOINTS)("$path", ({ path, base, cases, listed, toRequests }) => {
  test("has a request below for each field of the package's type", () => {
    const covered = new Set(cases.flatMap(({ fields }) => listPaths({ ...base, ...fields })));
    expect(listed.filter((it) => !covered.has(it))).toEqual([]);
    expect(NOTHING_IS_UNLISTED).toBe(true);
  });

  test.each(cases)("$fields", async ({ fields, refused: param, isLeft, shows: pattern }) => {
    const body = { ...base, ...fields };
    const { status, text: reply } = await send(path, body);
    if (param !== undefined) {
      expect([status, reply]).toEqual([400, expect.any(String)]);
      expect(JSON.parse(reply).error).toMatchObject({ type: "invalid_request_error", param });
      return;
    }
    expect([status, reply]).toEqual([200, expect.any(String)]);
    if (pattern) expect(reply).toMatch(pattern);
    else if (isLeft) expect(toRequests?.(body)).toEqual(toRequests?.(base));
    else expect(toRequests?.(body)).not.toEqual(toRequests?.(base));
  });
});
