/**
 * Goal: whatever is sent, the answer is the documented status in OpenAI's shape, names the field and
 * the remedy, repeats nothing of the content, and leaves the server as it was.
 */
import { request as httpRequest } from "node:http";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";

vi.hoisted(() => {
  process.env.PARLEY_WORKER_SECRET = "a secret of the tests";
});

import { PNG } from "@/lib/images/testing";
import { BODY_BYTES_MAX, MESSAGES_MAX } from "@/lib/limits";
import { IMAGES_BODY_BYTES_MAX } from "@/lib/upstream-limits";
import { type ApiServer, startApiServer } from "./__fixtures__/api-server";

const IMAGE = `data:image/png;base64,${PNG}`;

let api: ApiServer;
beforeAll(async () => {
  api = await startApiServer();
  await api.addWorker();
});
afterAll(() => api.close());

const JSON_TYPE = { "content-type": "application/json" };
const GOOD = { model: "mock/echo", messages: [{ role: "user", content: "one two" }] };
const TOOL = { type: "function", function: { name: "f" } };
const JSON_MODE = { type: "json_object" };
const SECRET_TEXT = "words nobody should read again";

function post(body: BodyInit, headers: Record<string, string> = JSON_TYPE): Promise<Response> {
  const init = { method: "POST", headers, body, duplex: "half" };
  return fetch(`${api.url}/v1/chat/completions`, init);
}

async function stillAnswers(): Promise<void> {
  const reply = await post(JSON.stringify(GOOD));
  expect(reply.status).toBe(200);
  expect(await reply.json()).toMatchObject({ choices: [{ message: { content: "one two" } }] });
  expect(api.controller.inFlight()).toBe(0);
}

type Expected = { status?: number; code?: string | null; param?: string | null; says?: RegExp };
const invalid = (param: string | null, says?: RegExp): Expected => {
  return { status: 400, code: null, param, ...(says && { says }) };
};
const unsupported = (param: string, says?: RegExp): Expected => {
  return { status: 400, code: "unsupported_parameter", param, ...(says && { says }) };
};

/** Replaces or adds fields; undefined takes one out. */
const good = (more: object) => JSON.stringify({ ...GOOD, ...more });
const message = (more: object) => good({ messages: [{ role: "user", content: "x", ...more }] });
const shown = (image: unknown) => message({ content: [image] });
const part = (more: object) => message({ content: [{ type: "text", text: "x", ...more }] });
const nested = (depth: number) => `${"[".repeat(depth)}${"]".repeat(depth)}`;

const CASES: [name: string, body: string, expected: Expected][] = [
  ["an empty body", "", invalid(null, /empty/)],
  ["a truncated body", '{"model":"mock/echo","messages":[', invalid(null, /valid JSON/)],
  ["a trailing comma", '{"model":"mock/echo",}', invalid(null, /valid JSON/)],
  ["two values", "{} {}", invalid(null, /valid JSON/)],
  ["NaN", '{"model":NaN}', invalid(null, /valid JSON/)],
  ["single quotes", "{'model':'x'}", invalid(null, /valid JSON/)],
  ["null", "null", invalid(null, /JSON object/)],
  ["a list", "[]", invalid(null, /JSON object/)],
  ["a string", '"hello"', invalid(null, /JSON object/)],
  ["a number", "17", invalid(null, /JSON object/)],
  ["nothing in it", "{}", invalid("model", /missing/)],
  ["no model", good({ model: undefined }), invalid("model", /missing.*string/)],
  ["null as model", good({ model: null }), invalid("model", /string/)],
  ["a number as model", good({ model: 5 }), invalid("model", /string.*number/)],
  ["an empty model", good({ model: "" }), invalid("model", /at least 1 character/)],
  ["a model name too long", good({ model: "x".repeat(257) }), invalid("model", /at most 256/)],
  [
    "a model that is not there",
    good({ model: "../../etc" }),
    { status: 404, code: "model_not_found", param: "model" },
  ],
  [
    "half a surrogate in the model",
    '{"model":"\\ud800","messages":[{"role":"user","content":"x"}]}',
    invalid("model", /surrogate/),
  ],
  ["no messages", good({ messages: undefined }), invalid("messages", /missing/)],
  ["null as messages", good({ messages: null }), invalid("messages", /array/)],
  ["a string as messages", good({ messages: "hi" }), invalid("messages", /array.*string/)],
  ["an object as messages", good({ messages: { role: "user" } }), invalid("messages", /array/)],
  ["empty messages", good({ messages: [] }), invalid("messages", /at least 1 element/)],
  [
    "too many messages",
    good({ messages: Array(MESSAGES_MAX + 1).fill({ role: "user", content: "x" }) }),
    invalid("messages", /at most/),
  ],
  ["null as a message", good({ messages: [null] }), invalid("messages.0", /object.*null/)],
  ["a string as a message", good({ messages: ["hi"] }), invalid("messages.0", /object.*string/)],
  ["a list as a message", good({ messages: [[]] }), invalid("messages.0", /object.*array/)],
  ["a message without role", message({ role: undefined }), invalid("messages.0.role", /missing/)],
  ["null as role", message({ role: null }), invalid("messages.0.role", /null/)],
  [
    "an unknown role",
    message({ role: "wizard" }),
    invalid("messages.0.role", /one of system, developer, user, assistant/),
  ],
  [
    "a role from the prototype",
    message({ role: "constructor" }),
    invalid("messages.0.role", /one of/),
  ],
  ["the function role", message({ role: "function", name: "x" }), unsupported("messages.0.role")],
  ["a result of nothing", message({ role: "tool" }), invalid("messages.0.tool_call_id")],
  ["the function role", message({ role: "function", name: "f" }), unsupported("messages.0.role")],
  [
    "a message without content",
    message({ content: undefined }),
    invalid("messages.0.content", /missing/),
  ],
  ["null as content", message({ content: null }), invalid("messages.0.content", /missing/)],
  [
    "a number as content",
    message({ content: 5 }),
    invalid("messages.0.content", /string or an array/),
  ],
  [
    "an object as content",
    message({ content: {} }),
    invalid("messages.0.content", /string or an array/),
  ],
  ["empty parts", message({ content: [] }), invalid("messages.0.content", /at least 1/)],
  ["a string as a part", message({ content: ["x"] }), invalid("messages.0.content.0", /object/)],
  [
    "a part without type",
    part({ type: undefined }),
    invalid("messages.0.content.0.type", /missing/),
  ],
  ["an unknown part", part({ type: "smell" }), invalid("messages.0.content.0.type", /text/)],
  [
    "an image",
    shown({ type: "image_url", image_url: { url: "data:," } }),
    invalid("messages.0.content.0.image_url.url", /base64/),
  ],
  [
    "an image that is none",
    shown({ type: "image_url", image_url: { url: "data:image/png;base64,AAAA" } }),
    invalid("messages.0.content.0.image_url.url", /no image that models read/),
  ],
  [
    "an image at a plain address",
    shown({ type: "image_url", image_url: { url: "http://pictures.example/cat.png" } }),
    invalid("messages.0.content.0.image_url.url", /https/),
  ],
  [
    "an image of this very machine",
    shown({ type: "image_url", image_url: { url: "https://localhost/cat.png" } }),
    invalid("messages", /not public/),
  ],
  [
    "an image beside its details",
    shown({ type: "image_url", image_url: { url: "https://x.example/", size: 5 } }),
    invalid("messages.0.content.0.image_url.size", /Unknown/),
  ],
  [
    "an image of the system's",
    message({ role: "system", content: [{ type: "image_url", image_url: { url: IMAGE } }] }),
    invalid("messages.0.content.0.type", /user/),
  ],
  [
    "an image for a model that cannot see",
    shown({ type: "image_url", image_url: { url: IMAGE } }),
    unsupported("model", /images in messages/),
  ],
  ["sound", part({ type: "input_audio" }), unsupported("messages.0.content.0.type")],
  [
    "a part without text",
    part({ text: undefined }),
    invalid("messages.0.content.0.text", /string/),
  ],
  ["a number as text", part({ text: 5 }), invalid("messages.0.content.0.text", /string/)],
  [
    "an unknown field of a part",
    part({ colour: "red" }),
    invalid("messages.0.content.0.colour", /no known field/),
  ],
  [
    "an unknown field of a message",
    message({ colour: "red" }),
    invalid("messages.0.colour", /no known field/),
  ],
  ["a number as a name", message({ name: 5 }), invalid("messages.0.name", /string.*number/)],
  [
    "a mark of a cache that is none",
    part({ cache_control: { type: "forever" } }),
    invalid("messages.0.content.0.cache_control.type", /ephemeral/),
  ],
  [
    "a breakpoint of a cache that is none",
    part({ prompt_cache_breakpoint: "here" }),
    invalid("messages.0.content.0.prompt_cache_breakpoint", /object.*string/),
  ],
  [
    "tool calls",
    message({ role: "assistant", tool_calls: [{ id: "x" }] }),
    invalid("messages.0.tool_calls.0.type"),
  ],
  ["half a surrogate", message({ content: "\ud83d" }), invalid("messages.0.content", /surrogate/)],
  [
    "half a surrogate in a part",
    part({ text: "\udc00" }),
    invalid("messages.0.content.0.text", /surrogate/),
  ],
  [
    "a string as temperature",
    good({ temperature: "hot" }),
    invalid("temperature", /number.*string/),
  ],
  ["too low a temperature", good({ temperature: -0.1 }), invalid("temperature", /at least 0/)],
  ["too high a temperature", good({ temperature: 2.1 }), invalid("temperature", /at most 2/)],
  [
    "an infinite temperature",
    `{"temperature":1e999,${JSON.stringify(GOOD).slice(1)}`,
    invalid("temperature", /out of range/),
  ],
  ["a list as temperature", good({ temperature: [1] }), invalid("temperature", /number.*array/)],
  ["too high a top_p", good({ top_p: 1.5 }), invalid("top_p", /at most 1/)],
  ["a negative top_p", good({ top_p: -1 }), invalid("top_p", /at least 0/)],
  ["no tokens", good({ max_tokens: 0 }), invalid("max_tokens", /at least 1/)],
  [
    "fewer than no tokens",
    good({ max_completion_tokens: -5 }),
    invalid("max_completion_tokens", /at least 1/),
  ],
  ["half a token", good({ max_tokens: 1.5 }), invalid("max_tokens", /integer/)],
  ["endless tokens", good({ max_tokens: 1e300 }), invalid("max_tokens", /integer|at most/)],
  ["a string as tokens", good({ max_tokens: "10" }), invalid("max_tokens", /integer|number/)],
  [
    "two token limits",
    good({ max_tokens: 1, max_completion_tokens: 2 }),
    invalid("max_tokens", /contradicts/),
  ],
  ["an empty stop", good({ stop: "" }), invalid("stop", /at least 1/)],
  ["an empty stop in a list", good({ stop: ["x", ""] }), invalid("stop.1", /at least 1/)],
  ["a number as stop", good({ stop: 5 }), invalid("stop", /string or an array/)],
  ["a number in the stops", good({ stop: [5] }), invalid("stop.0", /string/)],
  ["too many stops", good({ stop: Array(17).fill("x") }), invalid("stop", /at most 16/)],
  ["too long a stop", good({ stop: "x".repeat(257) }), invalid("stop", /at most 256/)],
  ["half a seed", good({ seed: 0.5 }), invalid("seed", /integer/)],
  ["a huge seed", good({ seed: 2 ** 60 }), invalid("seed", /integer|at most/)],
  ["a string as stream", good({ stream: "yes" }), invalid("stream", /boolean/)],
  ["a number as stream", good({ stream: 1 }), invalid("stream", /boolean/)],
  [
    "stream options without a stream",
    good({ stream_options: {} }),
    invalid("stream_options", /stream: true/),
  ],
  [
    "an unknown stream option",
    good({ stream: true, stream_options: { x: 1 } }),
    invalid("stream_options.x", /Unknown/),
  ],
  [
    "a string as usage wish",
    good({ stream: true, stream_options: { include_usage: "y" } }),
    invalid("stream_options.include_usage", /boolean/),
  ],
  [
    "an unknown field",
    good({ temprature: 0 }),
    invalid("temprature", /Unknown field `temprature`/),
  ],
  ["a spelling of its own", good({ topK: 5 }), invalid("topK", /Unknown/)],
  ["half a top-k", good({ top_k: 5.5 }), invalid("top_k")],
  ["a min-p of 1", good({ min_p: 1 }), invalid("min_p", /less than 1/)],
  ["a penalty beyond 2", good({ presence_penalty: 3 }), invalid("presence_penalty", /at most 2/)],
  ["a repetition penalty of 0", good({ repetition_penalty: 0 }), invalid("repetition_penalty")],
  ["a word to bias", good({ logit_bias: { hello: 1 } }), invalid("logit_bias", /their ids/)],
  ["21 alternatives", good({ logprobs: true, top_logprobs: 21 }), invalid("top_logprobs")],
  ["alternatives to nothing", good({ top_logprobs: 2 }), invalid("top_logprobs", /logprobs/)],
  ["more tokens than it may have", good({ min_tokens: 3, max_tokens: 2 }), invalid("min_tokens")],
  ["text as a stop token", good({ stop_token_ids: ["</s>"] }), invalid("stop_token_ids.0")],
  [
    "__proto__",
    `{"__proto__":{"admin":true},${JSON.stringify(GOOD).slice(1)}`,
    invalid("__proto__", /Unknown/),
  ],
  ["constructor", good({ constructor: { prototype: {} } }), invalid("constructor", /Unknown/)],
  [
    "__proto__ in a message",
    '{"model":"mock/echo","messages":[{"role":"user","content":"x","__proto__":{"a":1}}]}',
    {},
  ],
  ["a long unknown field", good({ ["k".repeat(5_000)]: 1 }), { status: 400, says: /^.{0,300}$/ }],
  ["no answer", good({ n: 0 }), invalid("n")],
  ["a string as n", good({ n: "1" }), invalid("n")],
  [
    "a tool without a function",
    good({ tools: [{ type: "function" }] }),
    invalid("tools.0.function"),
  ],
  ["tools that a model lacks", good({ tools: [TOOL] }), unsupported("model")],
  ["JSON mode that a model lacks", good({ response_format: JSON_MODE }), unsupported("model")],
  [
    "a format of another kind",
    good({ response_format: { type: "xml" } }),
    invalid("response_format.type"),
  ],
  [
    "log-probabilities of a model that has none",
    good({ logprobs: true }),
    { ...unsupported("model"), says: /log-probabilities/ },
  ],
  ["a number as user", good({ user: 5 }), invalid("user", /string/)],
  ["a list as metadata", good({ metadata: [] }), invalid("metadata", /object/)],
  ["numbers in metadata", good({ metadata: { a: 1 } }), invalid("metadata.a", /string/)],
  ["deep nesting alone", nested(200_000), invalid("0")],
  ["deep nesting unclosed", "[".repeat(500_000), invalid(null)],
  [
    "deep nesting in a message",
    `{"model":"mock/echo","messages":${nested(100_000)}}`,
    { status: 400 },
  ],
  [
    "deep nesting where lists of objects belong",
    `{"tools":${nested(100_000)},${JSON.stringify(GOOD).slice(1)}`,
    invalid("tools"),
  ],
  [
    "deep nesting in a schema",
    `{"structured_outputs":{"json":{"items":${nested(100_000)}}},${JSON.stringify(GOOD).slice(1)}`,
    invalid("structured_outputs"),
  ],
  [
    "deep nesting in a prediction",
    `{"prediction":{"a":${nested(100_000)}},"model":5}`,
    invalid("prediction"),
  ],
];

describe("a body with", () => {
  test(`${CASES.length} cases are enough`, () => expect(CASES.length).toBeGreaterThanOrEqual(60));

  test.each(CASES)("%s", async (_name, body, expected) => {
    const reply = await post(body);
    if (expected.status === undefined) {
      // Taken or refused, never a crash.
      expect([200, 400]).toContain(reply.status);
      await reply.text();
      return;
    }
    const { error, ...nothing } = (await reply.json()) as Record<string, Record<string, unknown>>;
    expect(nothing).toEqual({});
    expect(reply.status, JSON.stringify(error)).toBe(expected.status);
    expect(error).toMatchObject({ type: "invalid_request_error" });
    if (expected.code !== undefined) expect(error?.code).toBe(expected.code);
    if (expected.param !== undefined)
      expect(error?.param, JSON.stringify(error)).toBe(expected.param);
    expect(String(error?.message)).toMatch(expected.says ?? /\.$/);
    expect(String(error?.message).length).toBeLessThan(500);
    await stillAnswers();
  });

  test("content never comes back in an error", async () => {
    for (const body of [
      `{"model":"mock/echo","messages":"${SECRET_TEXT}`,
      good({ messages: SECRET_TEXT }),
      good({ stop: [5, SECRET_TEXT] }),
      message({ content: { text: SECRET_TEXT } }),
    ]) {
      expect(await (await post(body)).text()).not.toContain(SECRET_TEXT);
    }
  });
});

describe("a request", () => {
  test.each([
    ["no content type", {}],
    ["a form", { "content-type": "application/x-www-form-urlencoded" }],
    ["plain text, which needs no preflight", { "content-type": "text/plain" }],
    ["another charset", { "content-type": "application/json; charset=utf-16" }],
    ["a made-up type", { "content-type": "application/jsonx" }],
    ["packed", { ...JSON_TYPE, "content-encoding": "gzip" }],
  ])("with %s is 415", async (_name, headers) => {
    const reply = await post(new TextEncoder().encode(JSON.stringify(GOOD)), headers);
    expect(reply.status).toBe(415);
    expect(await reply.json()).toMatchObject({ error: { code: "unsupported_media_type" } });
    await stillAnswers();
  });

  test.each(["application/json;charset=UTF-8", 'APPLICATION/JSON; charset="utf-8"'])(
    "as %s is taken",
    async (type) => {
      expect((await post(JSON.stringify(GOOD), { "content-type": type })).status).toBe(200);
    },
  );

  test("in invalid UTF-8 is 400", async () => {
    const bytes = Buffer.from(JSON.stringify(GOOD).replace("one", "o\u0001e"));
    bytes[bytes.indexOf(1)] = 0xff;
    const reply = await post(bytes);
    expect(reply.status).toBe(400);
    expect(await reply.text()).toContain("UTF-8");
    await stillAnswers();
  });

  test("beyond the size is 413, announced or not, and as large as allowed is read", async () => {
    const filler = "x".repeat(IMAGES_BODY_BYTES_MAX);
    const announced = await post(message({ content: filler }));
    expect(announced.status).toBe(413);
    expect(await announced.json()).toMatchObject({ error: { code: "body_too_large" } });
    let sent = 0;
    const endless = new ReadableStream<Uint8Array>({
      pull(controller) {
        sent += 65_536;
        if (sent > 64 * BODY_BYTES_MAX) controller.close();
        else controller.enqueue(new Uint8Array(65_536).fill(32));
      },
    });
    // The server may close the connection while the rest is still being sent; either way it has answered.
    const status = await post(endless).then(
      (reply) => reply.status,
      () => 413,
    );
    expect(status).toBe(413);
    expect(sent).toBeLessThan(64 * BODY_BYTES_MAX);
    const long = await post(message({ content: "x".repeat(BODY_BYTES_MAX + 1) }));
    expect(long.status).toBe(413);
    expect(await long.json()).toMatchObject({ error: { code: "body_too_large" } });
    const room = BODY_BYTES_MAX - Buffer.byteLength(message({ content: "" }));
    const fits = await post(message({ content: "x".repeat(room) }));
    expect([200, 400]).toContain(fits.status);
    await fits.text();
    await stillAnswers();
  });

  test("cut off in the middle of its body harms nobody", async () => {
    const { hostname, port } = new URL(api.url);
    await new Promise<void>((resolve) => {
      const outgoing = httpRequest({
        hostname,
        port,
        path: "/v1/chat/completions",
        method: "POST",
        headers: { ...JSON_TYPE, "content-length": "1000" },
      });
      outgoing.on("error", () => resolve());
      outgoing.write('{"model":', () => outgoing.destroy());
      outgoing.on("close", () => resolve());
    });
    await stillAnswers();
  });

  test("with a path that is no URL is 400 in OpenAI's shape", async () => {
    const reply = await fetch(`${api.url}/v1/models/%E0%A4%A`);
    expect(reply.status).toBe(400);
    expect(await reply.json()).toHaveProperty("error.type", "invalid_request_error");
  });

  test("id that could break a log is replaced", async () => {
    for (const id of ["a b", "x".repeat(200), "{}"]) {
      const reply = await fetch(`${api.url}/v1/models`, { headers: { "x-request-id": id } });
      expect(reply.headers.get("x-request-id")).toMatch(/^[0-9a-f-]{36}$/);
    }
  });

  test("nothing was added to any prototype", () => {
    expect(({} as Record<string, unknown>).admin).toBeUndefined();
    expect(([] as unknown as Record<string, unknown>).a).toBeUndefined();
  });
});
