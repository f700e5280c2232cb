/**
 * Goal: whatever is sent to the messages, the answer is the documented status in Anthropic's shape, names
 * the field and the remedy, repeats nothing of the content, and leaves the server as it was.
 */
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";

vi.hoisted(() => {
  process.env.PARLEY_WORKER_SECRET = "a secret of the tests";
});

import { PNG } from "@/lib/images/testing";
import { BODY_BYTES_MAX, MESSAGES_MAX } from "@/lib/limits";
import { type ApiServer, startApiServer } from "./__fixtures__/api-server";

let api: ApiServer;
beforeAll(async () => {
  api = await startApiServer();
  await api.addWorker();
});
afterAll(() => api.close());

const GOOD = {
  ...{ model: "mock/echo", max_tokens: 9 },
  messages: [{ role: "user", content: "one two" }],
};
const TOOL = { name: "f", input_schema: { type: "object" } };
const SECRET_TEXT = "words nobody should read again";

function post(body: BodyInit, { path = "", type = "application/json" } = {}): Promise<Response> {
  const init = { method: "POST", headers: { "content-type": type }, body };
  return fetch(`${api.url}/v1/messages${path}`, init);
}

async function stillAnswers(): Promise<void> {
  const reply = await post(JSON.stringify(GOOD));
  expect(reply.status).toBe(200);
  expect(await reply.json()).toMatchObject({ content: [{ type: "text", text: "one two" }] });
  expect(api.controller.inFlight()).toBe(0);
}

type Expected = { status: number; error_code: string; param?: string; says?: RegExp };
const invalid = (param?: string, says?: RegExp): Expected => {
  return {
    status: 400,
    error_code: "invalid_request",
    ...(param && { param }),
    ...(says && { says }),
  };
};
const unsupported = (param: string, says?: RegExp): Expected => {
  return { status: 400, error_code: "unsupported_parameter", param, ...(says && { says }) };
};

/** Replaces or adds fields; undefined takes one out. */
const good = (more: object) => JSON.stringify({ ...GOOD, ...more });
const message = (more: object) => good({ messages: [{ role: "user", content: "x", ...more }] });
const shown = (image: object) => message({ content: [image] });
const block = (more: object) => message({ content: [{ type: "text", text: "x", ...more }] });
const tool = (more: object) => good({ tools: [{ ...TOOL, ...more }] });
const nested = (depth: number) => `${"[".repeat(depth)}${"]".repeat(depth)}`;
const CALL = { type: "tool_use", id: "c1", name: "f", input: {} };
const called = (call: object, ...results: object[]) =>
  good({
    messages: [
      { role: "user", content: "x" },
      { role: "assistant", content: [{ ...CALL, ...call }] },
      { role: "user", content: results.length > 0 ? results : "y" },
    ],
  });
const RESULT = { type: "tool_result", tool_use_id: "c1" };
const AT = "messages.0.content.0";

const CASES: [name: string, body: string, expected: Expected][] = [
  ["an empty body", "", invalid(undefined, /empty/)],
  ["a truncated body", '{"model":"mock/echo","messages":[', invalid(undefined, /valid JSON/)],
  ["a list", "[]", invalid(undefined, /JSON object/)],
  ["null", "null", invalid(undefined, /JSON object/)],
  ["nothing in it", "{}", invalid("model", /missing/)],
  ["no model", good({ model: undefined }), invalid("model", /missing.*string/)],
  ["half a surrogate in the model", '{"model":"\\ud800"}', invalid("model", /surrogate/)],
  [
    "a model that is not there",
    good({ model: "claude-none" }),
    { status: 404, error_code: "model_not_found", param: "model" },
  ],
  ["no limit", good({ max_tokens: undefined }), invalid("max_tokens", /missing.*number/)],
  ["null as limit", good({ max_tokens: null }), invalid("max_tokens", /number.*null/)],
  ["less than nothing as limit", good({ max_tokens: -1 }), invalid("max_tokens", /at least 0/)],
  ["half a token", good({ max_tokens: 1.5 }), invalid("max_tokens", /integer/)],
  ["no messages", good({ messages: undefined }), invalid("messages", /missing/)],
  ["empty messages", good({ messages: [] }), invalid("messages", /at least 1 element/)],
  ["a string as messages", good({ messages: "hi" }), invalid("messages", /array.*string/)],
  [
    "too many messages",
    good({ messages: Array(MESSAGES_MAX + 1).fill(GOOD.messages[0]) }),
    invalid("messages", /at most/),
  ],
  ["null as a message", good({ messages: [null] }), invalid("messages.0", /object.*null/)],
  ["no role", message({ role: undefined }), invalid("messages.0.role", /missing/)],
  ["an unknown role", message({ role: "wizard" }), invalid("messages.0.role", /one of user/)],
  [
    "OpenAI's role for results",
    message({ role: "tool" }),
    invalid("messages.0.role", /tool_result/),
  ],
  ["a role from the prototype", message({ role: "constructor" }), invalid("messages.0.role")],
  ["no content", message({ content: undefined }), invalid("messages.0.content", /missing/)],
  ["no blocks", message({ content: [] }), invalid("messages.0.content", /at least one/)],
  [
    "a number as content",
    message({ content: 5 }),
    invalid("messages.0.content", /string or an array/),
  ],
  ["half a surrogate", message({ content: "\ud83d" }), invalid("messages.0.content", /surrogate/)],
  ["a field of a message", message({ name: "Ann" }), invalid("messages.0.name", /Unknown/)],
  ["a string as a block", message({ content: ["x"] }), invalid(AT, /object/)],
  ["a block without type", block({ type: undefined }), invalid(`${AT}.type`, /missing/)],
  [
    "an unknown block",
    block({ type: "smell" }),
    invalid(`${AT}.type`, /"text", "image", "tool_result"/),
  ],
  ["an assistant's block of a user", block({ ...CALL }), invalid(`${AT}.type`, /user's message/)],
  ["an image from nowhere", shown({ type: "image", source: {} }), invalid(`${AT}.source.type`)],
  [
    "an image of a file",
    shown({ type: "image", source: { type: "file", file_id: "f" } }),
    invalid(`${AT}.source.type`, /no files are kept/),
  ],
  [
    "an image that is none",
    shown({ type: "image", source: { type: "base64", media_type: "image/png", data: "AAAA" } }),
    invalid(`${AT}.source.data`, /no image/),
  ],
  [
    "an image at a plain address",
    shown({ type: "image", source: { type: "url", url: "http://x.example/" } }),
    invalid(`${AT}.source.url`, /https/),
  ],
  [
    "an image of this very machine",
    shown({ type: "image", source: { type: "url", url: "https://127.0.0.1/" } }),
    invalid("messages", /not public/),
  ],
  [
    "an image for a model that cannot see",
    shown({ type: "image", source: { type: "base64", media_type: "image/png", data: PNG } }),
    unsupported("model", /images in messages/),
  ],
  ["a document", block({ type: "document" }), unsupported(`${AT}.type`, /send text/)],
  ["a search result", block({ type: "search_result" }), unsupported(`${AT}.type`)],
  ["a number as text", block({ text: 5 }), invalid(`${AT}.text`, /string/)],
  ["half a surrogate in a block", block({ text: "\udc00" }), invalid(`${AT}.text`, /surrogate/)],
  ["a field of a block", block({ colour: "red" }), invalid(`${AT}.colour`, /Unknown/)],
  [
    "a cache of another kind",
    block({ cache_control: { type: "x" } }),
    invalid(`${AT}.cache_control.type`),
  ],
  ["citations", block({ citations: [{}] }), unsupported(`${AT}.citations`)],
  [
    "an answer to go on with",
    good({ messages: [...GOOD.messages, { role: "assistant", content: "I" }] }),
    unsupported("messages.1.role", /begin an answer anew/),
  ],
  ["a call without id", called({ id: undefined }), invalid("messages.1.content.0.id", /missing/)],
  [
    "a call of a bad name",
    called({ name: "a b" }),
    invalid("messages.1.content.0.name", /letters/),
  ],
  ["a call with text", called({ input: "x" }), invalid("messages.1.content.0.input", /object/)],
  [
    "a call by code",
    called({ caller: { type: "code_execution_20250825" } }),
    unsupported("messages.1.content.0.caller"),
  ],
  [
    "a call of a set",
    called({ toolset_name: "x" }),
    unsupported("messages.1.content.0.toolset_name"),
  ],
  [
    "a deep input",
    called({}).replace('"input":{}', `"input":{"a":${nested(50_000)}}`),
    invalid("messages.1.content.0.input", /nested/),
  ],
  [
    "the result of nothing",
    called({}, { ...RESULT, tool_use_id: "c2" }),
    invalid("messages.2.content.0.tool_use_id", /no `tool_use` block/),
  ],
  [
    "an image as result",
    called({}, { ...RESULT, content: [{ type: "image" }] }),
    invalid("messages.2.content.0.content.0.source"),
  ],
  [
    "a number as result",
    called({}, { ...RESULT, content: 5 }),
    invalid("messages.2.content.0.content"),
  ],
  [
    "text as a sign of failure",
    called({}, { ...RESULT, is_error: "yes" }),
    invalid("messages.2.content.0.is_error"),
  ],
  ["a number as system", good({ system: 5 }), invalid("system", /string or an array/)],
  ["half a surrogate in the system", good({ system: "\udc00" }), invalid("system", /surrogate/)],
  ["an image as system", good({ system: [{ type: "image" }] }), invalid("system.0.type", /"text"/)],
  ["a call as system", good({ system: [CALL] }), invalid("system.0.type", /"text" in `system`/)],
  ["too high a temperature", good({ temperature: 1.5 }), invalid("temperature", /at most 1/)],
  ["a string as temperature", good({ temperature: "hot" }), invalid("temperature", /number/)],
  ["too high a top_p", good({ top_p: 2 }), invalid("top_p", /at most 1/)],
  ["half a top_k", good({ top_k: 5.5 }), invalid("top_k", /integer/)],
  ["a string as stop", good({ stop_sequences: "x" }), invalid("stop_sequences", /array/)],
  ["an empty stop", good({ stop_sequences: [""] }), invalid("stop_sequences.0", /at least 1/)],
  [
    "too many stops",
    good({ stop_sequences: Array(17).fill("x") }),
    invalid("stop_sequences", /at most 16/),
  ],
  ["OpenAI's stop", good({ stop: "x" }), invalid("stop", /Unknown field `stop`/)],
  ["a string as stream", good({ stream: "yes" }), invalid("stream", /boolean/)],
  ["__proto__", `{"__proto__":{"a":1},${good({}).slice(1)}`, invalid("__proto__", /Unknown/)],
  ["constructor", good({ constructor: {} }), invalid("constructor", /Unknown/)],
  [
    "a tool without a schema",
    tool({ input_schema: undefined }),
    invalid("tools.0.input_schema", /missing/),
  ],
  [
    "a tool for a list",
    tool({ input_schema: { type: "array" } }),
    invalid("tools.0.input_schema.type", /"object"/),
  ],
  ["a tool of a bad name", tool({ name: "a b" }), invalid("tools.0.name", /letters/)],
  [
    "OpenAI's tool",
    tool({ type: "function", function: {} }),
    unsupported("tools.0.type", /"function"/),
  ],
  [
    "their search",
    tool({ type: "web_search_20250305" }),
    unsupported("tools.0.type", /web_search/),
  ],
  [
    "a shell",
    good({ tools: [{ type: "bash_20250124", name: "bash" }] }),
    unsupported("tools.0.type"),
  ],
  ["a tool held back", tool({ defer_loading: true }), unsupported("tools.0.defer_loading")],
  [
    "a tool for code",
    tool({ allowed_callers: ["code_execution_20260120"] }),
    unsupported("tools.0.allowed_callers"),
  ],
  ["a tool with examples", tool({ input_examples: [{}] }), unsupported("tools.0.input_examples")],
  ["two tools of one name", good({ tools: [TOOL, TOOL] }), invalid("tools.1.name", /already/)],
  ["tools that a model lacks", tool({}), unsupported("model", /tool calls/)],
  [
    "a deep schema",
    tool({}).replace('"type":"object"', `"type":"object","a":${nested(50_000)}`),
    invalid("tools.0.input_schema", /nested/),
  ],
  [
    "a choice of nothing",
    good({ tool_choice: { type: "any" } }),
    invalid("tool_choice", /needs `tools`/),
  ],
  [
    "the choice of a tool that is not there",
    good({ tools: [TOOL], tool_choice: { type: "tool", name: "g" } }),
    invalid("tool_choice.name", /none of `tools`/),
  ],
  ["a choice in a word", good({ tool_choice: "auto" }), invalid("tool_choice", /object/)],
  ["thought in a word", good({ thinking: "on" }), invalid("thinking", /object/)],
  [
    "thought between tools",
    good({ thinking: { type: "between_tools" } }),
    unsupported("thinking.type", /adaptive/),
  ],
  [
    "a small budget",
    good({ thinking: { type: "enabled", budget_tokens: 5 } }),
    invalid("thinking.budget_tokens", /at least 1024/),
  ],
  [
    "thought that a model lacks",
    good({ thinking: { type: "enabled", budget_tokens: 1_024 }, max_tokens: 2_000 }),
    unsupported("model", /reasoning/),
  ],
  [
    "a budget beyond the limit",
    good({ thinking: { type: "enabled", budget_tokens: 2_000 } }),
    invalid("thinking.budget_tokens", /less than `max_tokens`/),
  ],
  [
    "an effort",
    good({ output_config: { effort: "max" } }),
    unsupported("output_config.effort", /do not know/),
  ],
  [
    "a format of another kind",
    good({ output_config: { format: { type: "xml" } } }),
    invalid("output_config.format.type"),
  ],
  [
    "a format without a schema",
    good({ output_config: { format: { type: "json_schema" } } }),
    invalid("output_config.format.schema"),
  ],
  [
    "a format that a model lacks",
    good({ output_format: { type: "json_schema", schema: {} } }),
    unsupported("model"),
  ],
  ["a container", good({ container: "c" }), unsupported("container")],
  ["haste", good({ speed: "fast" }), unsupported("speed", /"standard"/)],
  ["a list as metadata", good({ metadata: [] }), invalid("metadata", /object/)],
  ["another tier", good({ service_tier: "priority" }), invalid("service_tier", /"auto" or/)],
  [
    "deep nesting in a message",
    `{"model":"m","max_tokens":1,"messages":${nested(100_000)}}`,
    invalid("messages"),
  ],
];

describe("a body with", () => {
  test.each(CASES)("%s", async (_name, body, { status, says = /\.$/, ...details }) => {
    const reply = await post(body);
    const said = (await reply.json()) as { error: { message: string }; request_id: string };
    expect(reply.status, JSON.stringify(said)).toBe(status);
    const type = status === 404 ? "not_found_error" : "invalid_request_error";
    expect(said).toEqual({
      ...{ type: "error", request_id: reply.headers.get("request-id") },
      error: { type, message: expect.stringMatching(says), details },
    });
    expect(said.error.message.length).toBeLessThan(500);
  });

  test("any of these leaves the server as it was", async () => {
    expect(CASES.length).toBeGreaterThanOrEqual(80);
    await stillAnswers();
    expect(({} as Record<string, unknown>).a).toBeUndefined();
  });

  test("content that is never told again in an error", async () => {
    for (const body of [
      `{"model":"mock/echo","messages":"${SECRET_TEXT}`,
      ...[good({ messages: SECRET_TEXT }), message({ content: { text: SECRET_TEXT } })],
      ...[block({ text: [SECRET_TEXT] }), good({ system: [SECRET_TEXT] })],
    ]) {
      expect(await (await post(body)).text()).not.toContain(SECRET_TEXT);
    }
  });
});

test("what is not JSON, or too much of it, has Anthropic's shape as well", async () => {
  const form = await post("a=b", { type: "application/x-www-form-urlencoded" });
  expect(form.status).toBe(415);
  expect(await form.json()).toMatchObject({ error: { type: "invalid_request_error" } });
  const large = await post(message({ content: "x".repeat(BODY_BYTES_MAX + 1) }));
  expect(large.status).toBe(413);
  expect(await large.json()).toMatchObject({ error: { type: "request_too_large" } });
  await stillAnswers();
});

test.each([
  ["a limit", { max_tokens: 5 }, invalid("max_tokens", /Unknown/)],
  ["a stream", { stream: true }, invalid("stream", /Unknown/)],
  ["tools", { tools: [TOOL] }, unsupported("tools", /do not know/)],
  ["no messages", { messages: [] }, invalid("messages", /at least 1/)],
  ["an image", { system: [{ type: "image" }] }, invalid("system.0.type")],
])("a count of %s is refused", async (_name, more, { status, says, ...details }) => {
  const { max_tokens: _, ...body } = GOOD;
  const reply = await post(JSON.stringify({ ...body, ...more }), { path: "/count_tokens" });
  expect(reply.status).toBe(status);
  const message = says ? expect.stringMatching(says) : expect.any(String);
  expect(await reply.json()).toMatchObject({ type: "error", error: { message, details } });
});
