/**
 * Goal: what Anthropic's own client sends is answered as it expects, and what goes wrong is its own error.
 * Method: the official package against the route handlers over HTTP, with mock workers behind them.
 */
import Anthropic from "@anthropic-ai/sdk";
import type { Message, RawMessageStreamEvent } from "@anthropic-ai/sdk/resources/messages";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";

vi.hoisted(() => {
  process.env.PARLEY_WORKER_SECRET = "a secret of the tests";
  process.env.PARLEY_API_KEY = "api-key-of-the-tests";
});

import type { ContentBlock, MessageReply } from "@/lib/anthropic/messages/reply";
import type { MessageEvent } from "@/lib/anthropic/messages/stream";
import { type AddedWorker, type ApiServer, startApiServer } from "./__fixtures__/api-server";

// Fails to compile when a reply or an event of ours is none of the client's.
/** Their types ask for `citations`, which their API leaves out where nothing is cited, as we do. */
type Cited<Block> = Block extends { type: "text" } ? Block & { citations: null } : Block;
type CitedMessage = Omit<MessageReply, "content"> & { content: Cited<ContentBlock>[] };
type CitedEvent<Event> = Event extends { type: "message_start" }
  ? Omit<Event, "message"> & { message: CitedMessage }
  : Event extends { type: "content_block_start" }
    ? Omit<Event, "content_block"> & { content_block: Cited<ContentBlock> }
    : Event;
const toTheirs: (it: CitedMessage) => Message = (it) => it;
const toTheirEvent: (it: CitedEvent<MessageEvent>) => RawMessageStreamEvent = (it) => it;

let api: ApiServer;
let client: Anthropic;
let worker: AddedWorker;
const content = "alpha beta gamma delta epsilon";
const messages = [{ role: "user" as const, content }];
const echo = { model: "mock/echo", max_tokens: 100, messages };

beforeAll(async () => {
  api = await startApiServer();
  worker = await api.addWorker();
  client = new Anthropic({ baseURL: api.url, apiKey: "api-key-of-the-tests", maxRetries: 0 });
});
afterAll(() => api.close());

async function failure(act: PromiseLike<unknown>): Promise<unknown> {
  try {
    await act;
  } catch (error) {
    return error;
  }
  throw new Error("nothing failed");
}

/** Until nothing runs, at the worker and in the counters here. */
async function idle(): Promise<void> {
  await vi.waitFor(() => {
    expect(worker.server.load()).toMatchObject({ running: 0, waiting: 0 });
    expect(api.controller.inFlight()).toBe(0);
  });
}

const text = (it: string) => ({ type: "text", text: it });

describe("a plain answer", () => {
  test("has the text, the stop reason, the usage and what made it", async () => {
    const { data, response, request_id } = await client.messages.create(echo).withResponse();
    expect(data).toMatchObject({
      ...{ type: "message", role: "assistant", model: "mock/echo", content: [text(content)] },
      ...{ stop_reason: "end_turn", stop_sequence: null, stop_details: null, container: null },
    });
    expect(data.content).toEqual([text(content)]);
    expect(data.id).toMatch(/^msg_[0-9a-f]{32}$/);
    expect(data.usage).toEqual({
      ...{ input_tokens: expect.any(Number), output_tokens: 6 },
      ...{ cache_read_input_tokens: 0, cache_creation_input_tokens: 0, cache_creation: null },
      ...{ output_tokens_details: { thinking_tokens: 0 }, server_tool_use: null },
      ...{ service_tier: null, inference_geo: null, speed: null },
    });
    expect(response.headers.get("x-parley-worker")).toBe(worker.workerId);
    expect(request_id).toBe(response.headers.get("x-request-id"));
    expect([toTheirs, toTheirEvent]).toHaveLength(2);
    await idle();
  });

  test("takes blocks, a system's prompt, earlier turns and every field that changes nothing", async () => {
    const reply = await client.messages.create({
      ...{ ...echo, system: [{ type: "text", text: "Be brief." }] },
      messages: [
        ...messages,
        { role: "assistant", content: [{ type: "text", text: "Well.", citations: null }] },
        {
          role: "user",
          content: [
            { type: "text", text: "one ", cache_control: { type: "ephemeral", ttl: "5m" } },
            { type: "text", text: "two" },
          ],
        },
      ],
      ...{ cache_control: { type: "ephemeral" }, metadata: { user_id: "u" }, tools: [] },
      ...{ service_tier: "auto", speed: "standard", thinking: { type: "disabled" } },
      ...{ user_profile_id: "u", workspace_id: "w", output_config: { effort: "high" } },
      ...({ temperature: 0, top_p: 1 } as object),
    });
    expect(reply.content).toEqual([text("one two")]);
  });

  test("ends where it is told to, and says of it what is known", async () => {
    const stop_sequences = ["nowhere", "gamma"];
    const stopped = await client.messages.create({ ...echo, stop_sequences });
    expect(stopped.content).toEqual([text("alpha beta ")]);
    expect(stopped).toMatchObject({ stop_reason: "stop_sequence", stop_sequence: "gamma" });
    const stream = client.messages.stream({ ...echo, stop_sequences });
    expect(await stream.finalMessage()).toMatchObject({
      ...{ content: stopped.content, stop_reason: "stop_sequence", stop_sequence: "gamma" },
    });
    const cut = await client.messages.create({ ...echo, max_tokens: 3 });
    expect(cut).toMatchObject({ content: [text("alpha beta gamma")], stop_reason: "max_tokens" });
    expect(cut.usage.output_tokens).toBe(3);
    const long = Array.from({ length: 40 }, (_, index) => `w${index}`).join(" ");
    const full = await client.messages.create({
      ...{ model: "mock/context", max_tokens: 1_000 },
      messages: [{ role: "user", content: long }],
    });
    expect(full.stop_reason).toBe("model_context_window_exceeded");
    const none = await client.messages.create({ ...echo, max_tokens: 0 });
    expect(none).toMatchObject({ content: [], stop_reason: "max_tokens" });
  });
});

describe("a stream", () => {
  test("is the message, its block, the stop reason with the usage, and the end", async () => {
    const stream = await client.messages.create({ ...echo, stream: true });
    const events: RawMessageStreamEvent[] = [];
    for await (const event of stream) events.push(event);
    const kinds = events.map((event) => event.type);
    expect(kinds.slice(0, 2)).toEqual(["message_start", "content_block_start"]);
    expect(kinds.slice(-3)).toEqual(["content_block_stop", "message_delta", "message_stop"]);
    expect(new Set(kinds.slice(2, -3))).toEqual(new Set(["content_block_delta"]));
    expect(events[0]).toMatchObject({ message: { content: [], stop_reason: null } });
    expect(events.at(-2)).toMatchObject({
      ...{ delta: { stop_reason: "end_turn", stop_sequence: null } },
      usage: { output_tokens: 6, cache_read_input_tokens: 0 },
    });
    await idle();
  });

  test("stands on the wire as named events that no proxy holds back", async () => {
    const reply = await fetch(`${api.url}/v1/messages/`, {
      method: "POST",
      headers: { "x-api-key": "api-key-of-the-tests", "content-type": "application/json" },
      body: JSON.stringify({ ...echo, stream: true }),
    });
    expect(reply.headers.get("content-type")).toMatch(/^text\/event-stream/);
    expect(reply.headers.get("cache-control")).toContain("no-transform");
    const events = (await reply.text()).split("\n\n");
    expect(events.pop()).toBe("");
    for (const event of events) {
      const [, name, data] = /^event: (\w+)\ndata: (.+)$/.exec(event)!;
      expect(JSON.parse(data!).type).toBe(name);
    }
    expect(events.at(-1)).toBe('event: message_stop\ndata: {"type":"message_stop"}');
  });

  test("read by the client's helper is the same message as without", async () => {
    const whole = await client.messages.create(echo);
    const texts: string[] = [];
    const runner = client.messages.stream(echo).on("text", (delta) => texts.push(delta));
    const streamed = await runner.finalMessage();
    expect(streamed).toMatchObject({ ...whole, id: streamed.id, content: [text(content)] });
    expect(streamed.usage).toEqual(whole.usage);
    expect(texts.join("")).toBe(content);
    expect(texts.length).toBeGreaterThan(2);
  });

  test("frees its slot at the worker when the client leaves, before and in the middle", async () => {
    const never = client.messages.create(
      { ...echo, model: "mock/never", stream: true },
      { timeout: 300 },
    );
    expect(await failure(never)).toBeInstanceOf(Anthropic.APIConnectionTimeoutError);
    await idle();
    const long = { ...echo, model: "mock/long", max_tokens: 5_000 };
    let seen = 0;
    for await (const _ of await client.messages.create({ ...long, stream: true })) {
      if (++seen === 4) break;
    }
    expect(seen).toBe(4);
    await idle();
    const runner = client.messages.stream(long);
    runner.on("text", () => runner.abort());
    expect(await failure(runner.finalMessage())).toBeInstanceOf(Anthropic.APIUserAbortError);
    await idle();
    const leaving = new AbortController();
    const whole = failure(client.messages.create(long, { signal: leaving.signal }));
    await vi.waitFor(() => expect(worker.server.load().running).toBe(1));
    leaving.abort();
    expect(await whole).toBeInstanceOf(Anthropic.APIUserAbortError);
    await idle();
  });

  test("that fails in the middle throws the client's error, with the text until then", async () => {
    const runner = client.messages.stream({ ...echo, model: "mock/fails-after-3-tokens" });
    let said = "";
    runner.on("text", (delta) => {
      said += delta;
    });
    const error = await failure(runner.finalMessage());
    expect(said).toBe("This will fail");
    expect(error).toBeInstanceOf(Anthropic.APIError);
    expect(error).toMatchObject({ type: "api_error" });
    expect(String(error)).not.toContain("undefined");
    const whole = await failure(
      client.messages.create({ ...echo, model: "mock/fails-after-3-tokens" }),
    );
    expect(whole).toBeInstanceOf(Anthropic.InternalServerError);
    await idle();
  });
});

describe("tokens", () => {
  test("are counted as an answer's prompt is, by a model that knows all of it", async () => {
    const body = { model: "mock/echo", messages, system: "Be brief." };
    const counted = await client.messages.countTokens(body);
    const { usage } = await client.messages.create({ ...body, max_tokens: 1 });
    expect(counted).toEqual({ input_tokens: usage.input_tokens });
    const tools = [{ name: "f", input_schema: { type: "object" as const } }];
    const error = await failure(client.messages.countTokens({ ...body, tools }));
    expect(error).toBeInstanceOf(Anthropic.BadRequestError);
    expect(error).toMatchObject({ details: { param: "tools" } });
    const unknown = await failure(client.messages.countTokens({ ...body, model: "gpt-4o" }));
    expect(unknown).toBeInstanceOf(Anthropic.NotFoundError);
  });
});

describe("errors are the client's own classes", () => {
  const create = (more: object) => failure(client.messages.create({ ...echo, ...more }));

  test("401 without the right key, which may come in either header or both", async () => {
    const options = { baseURL: api.url, maxRetries: 0 };
    const wrong = new Anthropic({ ...options, apiKey: "wrong" });
    const error = await failure(wrong.messages.create(echo));
    expect(error).toBeInstanceOf(Anthropic.AuthenticationError);
    expect(error).toMatchObject({ type: "authentication_error", requestID: expect.any(String) });
    const bearer = new Anthropic({ ...options, authToken: "api-key-of-the-tests" });
    expect((await bearer.messages.create(echo)).content).toEqual([text(content)]);
    const both = await fetch(`${api.url}/v1/messages`, {
      ...{ method: "POST", body: JSON.stringify(echo) },
      headers: {
        ...{ "x-api-key": "api-key-of-the-tests", authorization: "Bearer another's" },
        "content-type": "application/json",
      },
    });
    expect(both.status).toBe(200);
    const bare = await fetch(`${api.url}/v1/messages`, { method: "POST" });
    expect(bare.status).toBe(401);
    const body = (await bare.json()) as { error: { message: string }; request_id: string };
    expect(body.error.message).toContain("x-api-key");
    expect(body.request_id).toBe(bare.headers.get("request-id"));
  });

  test("404 for a model that does not exist, naming those that do", async () => {
    const error = await create({ model: "claude-none" });
    expect(error).toBeInstanceOf(Anthropic.NotFoundError);
    expect(error).toMatchObject({ type: "not_found_error", errorCode: "model_not_found" });
    expect((error as { apiMessage: string }).apiMessage).toContain("mock/echo");
  });

  test("400 for a prompt beyond the context and for what is not offered, under their names", async () => {
    const long = Array.from({ length: 100 }, (_, index) => `word${index}`).join(" ");
    for (const stream of [false, true]) {
      const body = { model: "mock/context", messages: [{ role: "user", content: long }], stream };
      const error = await create(body);
      expect(error).toBeInstanceOf(Anthropic.BadRequestError);
      expect(error).toMatchObject({
        ...{ type: "invalid_request_error", errorCode: "context_length_exceeded" },
        details: { param: "messages" },
      });
    }
    for (const [more, param] of [
      [{ tools: [{ name: "f", input_schema: { type: "object" } }] }, "model"],
      [{ top_k: 5 }, "top_k"],
      [{ container: "c" }, "container"],
    ] as const) {
      const error = await create(more);
      expect(error).toBeInstanceOf(Anthropic.BadRequestError);
      expect(error).toMatchObject({ errorCode: "unsupported_parameter", details: { param } });
    }
  });

  test("429 when every worker is busy, with the time to wait, and 503 when none is there", async () => {
    const busy = await create({ model: "mock/rejects" });
    expect(busy).toBeInstanceOf(Anthropic.RateLimitError);
    expect(busy).toMatchObject({ type: "rate_limit_error", errorCode: "overloaded" });
    expect((busy as { headers: Headers }).headers.get("retry-after")).toBe(
      // What the sentinel itself says.
      "1",
    );
    const headers = { authorization: "Bearer a secret of the tests" };
    const leaving = `${api.url}/api/workers/${worker.workerId}?instanceId=${worker.instanceId}`;
    expect((await fetch(leaving, { method: "DELETE", headers })).status).toBe(204);
    const gone = await create({});
    expect(gone).toBeInstanceOf(Anthropic.ServiceUnavailableError);
    expect(gone).toMatchObject({ type: "overloaded_error", errorCode: "no_worker" });
    worker = await api.addWorker();
  });

  test("404 for paths that are none and 405 for wrong methods, in their shape", async () => {
    const error = await failure(client.messages.batches.list());
    expect(error).toBeInstanceOf(Anthropic.NotFoundError);
    expect(error).toMatchObject({ type: "not_found_error", requestID: expect.any(String) });
    for (const path of ["", "/count_tokens"]) {
      const wrong = await fetch(`${api.url}/v1/messages${path}`);
      expect(wrong.status).toBe(405);
      expect(wrong.headers.get("allow")).toBe("POST");
      expect(await wrong.json()).toMatchObject({ type: "error" });
    }
  });
});

test("thirty answers at once keep the counters balanced", async () => {
  const replies = await Promise.all(
    Array.from({ length: 30 }, (_, index) => {
      const body = { ...echo, messages: [{ role: "user" as const, content: `number ${index}` }] };
      return index % 2 ? client.messages.create(body) : client.messages.stream(body).finalMessage();
    }),
  );
  expect(replies.map((reply) => reply.content)).toEqual(
    Array.from({ length: 30 }, (_, index) => [text(`number ${index}`)]),
  );
  await idle();
});
