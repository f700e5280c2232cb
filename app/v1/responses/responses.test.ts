/**
 * Goal: the official client finds every endpoint of the Responses API as it knows it.
 * Method: the official package against the route handlers over HTTP, with a real database, mock workers,
 * and a worker that plays a script.
 */
import OpenAI from "openai";
import { zodResponsesFunction, zodTextFormat } from "openai/helpers/zod";
import type { Response, ResponseInputItem } from "openai/resources/responses/responses";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import * as z from "zod";

vi.hoisted(() => {
  process.env.PARLEY_WORKER_SECRET = "a secret of the tests";
  process.env.PARLEY_API_KEY = "api-key-of-the-tests";
});

import type { GenerateRequest } from "@/lib/protocol/generate-request";
import { messageText } from "@/lib/protocol/message";
import { type AddedWorker, type ApiServer, startApiServer } from "../__fixtures__/api-server";
import {
  callFor,
  createScriptedBackend,
  gate,
  type Script,
  say,
  score,
  think,
} from "../__fixtures__/scripted-backend";

let api: ApiServer;
let client: OpenAI;
let worker: AddedWorker;
let seen: GenerateRequest[];
let script: Script = { steps: [] };
const model = "test/scripted";
const echo = "mock/echo";

beforeAll(async () => {
  api = await startApiServer();
  worker = await api.addWorker();
  const scripted = createScriptedBackend(model, () => script);
  seen = scripted.seen;
  await api.addWorker({ backend: scripted.backend });
  const baseURL = `${api.url}/v1`;
  client = new OpenAI({ baseURL, apiKey: "api-key-of-the-tests", maxRetries: 0 });
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

/** What the next request's worker was asked. */
const asked = () => seen.at(-1);
/** Without what differs between two answers to one request. */
function timeless({ id, created_at, completed_at, ...response }: Response) {
  const output = response.output.map((item) => ({ ...item, id: undefined }));
  return { ...response, output };
}

describe("a response", () => {
  test("is whole, and the same again from the store", async () => {
    const { data, response } = await client.responses
      .create({ model: echo, input: "alpha beta", metadata: { a: "b" }, user: "u" })
      .withResponse();
    expect(data.output_text).toBe("alpha beta");
    expect(data.id).toMatch(/^resp_[0-9a-f]{64}$/);
    expect(data).toMatchObject({
      ...{ object: "response", status: "completed", model: echo, metadata: { a: "b" }, user: "u" },
      ...{ background: false, store: true, error: null, truncation: "disabled", tools: [] },
      ...{ tool_choice: "auto", parallel_tool_calls: true, text: { format: { type: "text" } } },
    });
    expect(response.headers.get("x-parley-worker")).toBe(worker.workerId);
    expect(await client.responses.retrieve(data.id)).toEqual(data);
  });

  test("streams into the same as the whole reply, and as what is stored", async () => {
    script = {
      steps: [think("hm "), think("so"), say("Let me see."), ...callFor(0, "f", '{"a":1}')],
      finish: "tool-calls",
    };
    const tools = [{ type: "function" as const, name: "f", parameters: {}, strict: null }];
    for (const reasoning of [null, { summary: "auto" as const }]) {
      const body = { model, input: "x", tools, reasoning };
      const whole = await client.responses.create(body);
      const runner = client.responses.stream(body);
      const deltas: string[] = [];
      runner.on("response.output_text.delta", ({ delta }) => deltas.push(delta));
      const streamed = await runner.finalResponse();
      const stored = await client.responses.retrieve(streamed.id);
      expect(JSON.parse(JSON.stringify(timeless(stored)))).toEqual(
        JSON.parse(JSON.stringify(timeless(whole))),
      );
      // The helper adds what it parsed.
      expect(timeless(streamed)).toMatchObject(timeless(stored));
      expect(deltas).toEqual(["Let me see."]);
      expect(stored.usage?.output_tokens_details.reasoning_tokens).toBe(2);
    }
  });

  test("is cut at its limit and says so", async () => {
    const response = await client.responses.create({
      ...{ model: echo, input: "alpha beta gamma", max_output_tokens: 1 },
    });
    expect(response).toMatchObject({
      ...{ status: "incomplete", incomplete_details: { reason: "max_output_tokens" } },
      max_output_tokens: 1,
    });
  });

  test("has scores where they are asked for", async () => {
    script = { steps: [score("a"), say("a"), score("b"), say("b")] };
    const include = ["message.output_text.logprobs" as const];
    const response = await client.responses.create({ model, input: "x", include, top_logprobs: 2 });
    const [item] = response.output;
    const part = item?.type === "message" ? item.content[0] : undefined;
    expect(part).toMatchObject({ logprobs: [{ token: "a", logprob: -0.5 }, { token: "b" }] });
    expect(asked()?.logProbabilityCount).toBe(2);
    expect(await client.responses.retrieve(response.id, { include })).toEqual(response);
  });

  test("keeps to a schema, and the client's helper reads it", async () => {
    script = { steps: [say('{"name":"Ana",'), say('"age":31}')] };
    const format = zodTextFormat(z.object({ name: z.string(), age: z.number() }), "person");
    const body = { model, input: "x", text: { format } };
    const whole = await client.responses.parse(body);
    expect(whole.output_parsed).toEqual({ name: "Ana", age: 31 });
    expect(asked()?.grammar).toMatchObject({ type: "json-schema", schema: { type: "object" } });
    const streamed = await client.responses.stream(body).finalResponse();
    expect(streamed.output_parsed).toEqual({ name: "Ana", age: 31 });
  });

  test("with texts that Postgres cannot hold is kept all the same", async () => {
    const made = await client.responses.create({
      ...{ model: echo, input: "a\0b", metadata: { k: "\0" }, instructions: "\0" },
    });
    expect(made.output_text).toBe("a\ufffdb");
    const stored = await client.responses.retrieve(made.id);
    expect(stored).toMatchObject({ output_text: "a\ufffdb", metadata: { k: "\ufffd" } });
    const next = await client.responses.create({
      ...{ model: echo, input: "on", previous_response_id: made.id },
    });
    expect(next.output_text).toBe("on");
  });
});

describe("a conversation", () => {
  test("goes on from the response before, without its instructions", async () => {
    script = { steps: [think("hm"), say("one")] };
    const first = await client.responses.create({
      ...{ model, input: "first", instructions: "Be brief." },
    });
    script = { steps: [say("two")] };
    const second = await client.responses.create({
      ...{ model, input: [{ role: "user", content: "second" }], previous_response_id: first.id },
      instructions: "Be long.",
    });
    expect(second.previous_response_id).toBe(first.id);
    await client.responses.create({ model, input: "third", previous_response_id: second.id });
    const said = asked()?.messages.map((it) => [it.role, messageText(it)]);
    expect(said).toEqual([
      ...[
        ["user", "first"],
        ["assistant", "one"],
      ],
      ...[
        ["user", "second"],
        ["assistant", "two"],
      ],
      ["user", "third"],
    ]);
    expect(seen.at(-2)?.messages[0]).toMatchObject({
      role: "system",
      content: [{ text: "Be long." }],
    });
  });

  test("runs functions: by the response before, and by the items sent back", async () => {
    const add = zodResponsesFunction({
      ...{ name: "add", parameters: z.object({ a: z.number(), b: z.number() }) },
    });
    script = { steps: [think("hm"), ...callFor(0, "add", '{"a":1,"b":2}')], finish: "tool-calls" };
    const first = await client.responses.parse({ model, input: "1+2?", tools: [add] });
    const call = first.output.find((item) => item.type === "function_call");
    if (call?.type !== "function_call") throw new Error("no call");
    expect(call).toMatchObject({ name: "add", parsed_arguments: { a: 1, b: 2 } });
    const output = { type: "function_call_output" as const, call_id: call.call_id, output: "3" };
    script = { steps: [say("It is 3.")] };
    const more = { model, tools: [add] };
    const second = await client.responses.create({
      ...{ ...more, previous_response_id: first.id, input: [output] },
    });
    expect(second.output_text).toBe("It is 3.");
    const byStore = asked()?.messages;
    // What the client's parser added to the items is taken, too.
    const items = first.output as ResponseInputItem[];
    await client.responses.create({
      ...{ ...more, store: false, input: [{ role: "user", content: "1+2?" }, ...items, output] },
    });
    expect(asked()?.messages).toEqual(byStore);
    expect(byStore?.slice(1)).toMatchObject([
      { role: "assistant", toolCalls: [{ name: "add", arguments: '{"a":1,"b":2}' }] },
      { role: "tool", toolCallId: call.call_id, content: [{ text: "3" }] },
    ]);
    const stray = { ...output, call_id: "call_of_nobody" };
    expect(
      await failure(
        client.responses.create({ ...more, previous_response_id: first.id, input: [stray] }),
      ),
    ).toMatchObject({ status: 400, param: "input.0.call_id" });
  });

  test("takes references to stored items", async () => {
    const first = await client.responses.create({ model: echo, input: "remember this" });
    const id = first.output[0]?.id ?? "";
    script = { steps: [say("ok")] };
    await client.responses.create({
      model,
      input: [
        { type: "item_reference", id },
        { role: "user", content: "go on" },
      ],
    });
    expect(asked()?.messages[0]).toMatchObject({
      ...{ role: "assistant", content: [{ text: "remember this" }] },
    });
    const unknown = id.replace(/.o0$/, "0o9");
    const input = [{ type: "item_reference" as const, id: unknown }];
    expect(await failure(client.responses.create({ model, input }))).toMatchObject({
      ...{ status: 400, param: "input.0.id" },
    });
  });

  test("cannot go on from what is not there, is under way, or failed", async () => {
    const made = await client.responses.create({ model: echo, input: "x" });
    const next = await client.responses.create({
      ...{ model: echo, input: "y", previous_response_id: made.id },
    });
    await client.responses.delete(made.id);
    const unstored = await client.responses.create({ model: echo, input: "x", store: false });
    const hold = gate();
    script = { steps: [say("a"), hold.closed] };
    const running = await client.responses.create({ model, input: "x", background: true });
    for (const [id, says] of [
      [made.id, /There is no response/],
      [unstored.id, /There is no response/],
      ["resp_nonsense", /There is no response/],
      ["\0", /There is no response/],
      [next.id, /was deleted, so the conversation has a gap/],
      [running.id, /still being made/],
    ] as const) {
      const body = { model: echo, input: "z", previous_response_id: id };
      const error = await failure(client.responses.create(body));
      expect(error).toMatchObject({ status: 400, param: "previous_response_id" });
      expect(String(error)).toMatch(says);
    }
    hold.open();
  });
});

describe("input items", () => {
  test("are those of the whole conversation, in pages of either order", async () => {
    const first = await client.responses.create({ model: echo, input: "one" });
    const second = await client.responses.create({
      model: echo,
      input: [
        { role: "developer", content: "two" },
        { role: "user", content: [{ type: "input_text", text: "three" }] },
      ],
      previous_response_id: first.id,
    });
    const textsOf = (items: unknown[]) =>
      (items as { content: { text: string }[] }[]).map((item) => item.content[0]?.text);
    const all = await client.responses.inputItems.list(second.id, { order: "asc" });
    expect(textsOf(all.data)).toEqual(["one", "one", "two", "three"]);
    expect(all.data[1]).toMatchObject({ role: "assistant", content: [{ type: "output_text" }] });
    expect(new Set(all.data.map((item) => item.id)).size).toBe(4);
    const newest = await client.responses.inputItems.list(second.id, { limit: 3 });
    expect(textsOf(newest.data)).toEqual(["three", "two", "one"]);
    expect(newest).toMatchObject({ has_more: true });
    const walked: unknown[] = [];
    for await (const item of client.responses.inputItems.list(second.id, { limit: 1 })) {
      walked.push(item);
    }
    expect(walked).toEqual(all.data.toReversed());
    const query = { before: all.data[3]?.id ?? "", limit: 2, order: "asc" };
    const before = await client.get<{ data: unknown[]; has_more: boolean }>(
      ...([`/responses/${second.id}/input_items`, { query }] as const),
    );
    expect(before).toMatchObject({ data: all.data.slice(1, 3), has_more: true });
  });

  test.each([
    ["limit=0", /must be a whole number from 1 to 100\.$/],
    ["limit=101", /must be a whole number from 1 to 100\.$/],
    ["limit=x", /must be a whole number from 1 to 100\.$/],
    ["order=up", /`order` must be "asc" or "desc"\.$/],
    ["after=msg_1", /./],
    [`before=${"x".repeat(257)}`, /at most 256 characters\.$/],
    ["page=2", /Unknown parameter `page`/],
    ["include=x", /`include\.0` names what this server does not have/],
  ])("%s is refused by name", async (query, says) => {
    const { id } = await client.responses.create({ model: echo, input: "one" });
    const error = await failure(client.get(`/responses/${id}/input_items?${query}`));
    const [name = ""] = query.split("=");
    expect(error).toMatchObject({ status: 400, type: "invalid_request_error" });
    expect(error).toMatchObject({ message: expect.stringMatching(says) });
    expect((error as { param: string }).param).toMatch(new RegExp(`^${name}`));
  });
});

test("the tokens of an input are counted with the conversation before it", async () => {
  const first = await client.responses.create({ model: echo, input: "one two three" });
  const body = { model: echo, input: "four", instructions: "Be brief." };
  const more = { ...body, previous_response_id: first.id };
  for (const asked of [body, more]) {
    const { input_tokens: count, object } = await client.responses.inputTokens.count(asked);
    expect(object).toBe("response.input_tokens");
    expect((await client.responses.create(asked)).usage?.input_tokens).toBe(count);
  }
  const unknown = { ...body, model: "no/such" };
  expect(await failure(client.responses.inputTokens.count(unknown))).toMatchObject({ status: 404 });
});

describe("what goes wrong", () => {
  test("before the first token has its status and leaves nothing behind", async () => {
    const before = await countRows();
    const calls: [body: object, expected: object][] = [
      [
        { model: "no/such", input: "x" },
        { status: 404, code: "model_not_found" },
      ],
      [{ model: "mock/rejects", input: "x" }, { status: 429 }],
      [
        { model: "mock/context", input: "word ".repeat(100) },
        { status: 400, param: "input" },
      ],
      [
        { model: echo, input: "x", text: { format: { type: "json_object" } } },
        { status: 400, code: "unsupported_parameter" },
      ],
      [
        { model: echo, input: "x", top_k: 5 },
        { status: 400, param: "top_k" },
      ],
      [
        { model: echo, input: [{ role: "user", content: [{ type: "input_image" }] }] },
        { status: 400 },
      ],
    ];
    for (const [body, expected] of calls) {
      for (const stream of [false, true]) {
        const create = client.responses.create({ ...body, stream } as never);
        expect(await failure(create), JSON.stringify(body)).toMatchObject(expected);
      }
    }
    expect(await countRows()).toBe(before);
  });

  test("in the middle is an error, or the last event of a stream, and the text so far is kept", async () => {
    const failing = { model: "mock/fails-after-3-tokens", input: "x" };
    expect(await failure(client.responses.create(failing))).toMatchObject({ status: 500 });
    const events = [];
    for await (const event of await client.responses.create({ ...failing, stream: true })) {
      events.push(event);
    }
    const last = events.at(-1);
    if (last?.type !== "response.failed") throw new Error("it did not fail");
    const stored = await client.responses.retrieve(last.response.id);
    expect(stored).toMatchObject({ status: "failed", output_text: "This will fail" });
    expect(stored.error?.message).toMatch(/fails after three tokens/);
    const body = { model: echo, input: "x", previous_response_id: stored.id };
    expect(String(await failure(client.responses.create(body)))).toMatch(/failed\. Repeat/);
  });

  test("a worker that speaks out of turn fails its response, and nothing else", async () => {
    script = { steps: [say("a"), { type: "tool-call-delta", index: 3, text: "{", tokens: 1 }] };
    const body = { model, input: "x" };
    expect(await failure(client.responses.create(body))).toMatchObject({ status: 500 });
    const streamed = await client.responses.stream(body).finalResponse();
    expect(streamed).toMatchObject({ status: "failed", error: { code: "server_error" } });
    const { id } = await client.responses.create({ ...body, background: true });
    await vi.waitFor(async () => {
      const stored = await client.responses.retrieve(id);
      expect(stored).toMatchObject({ status: "failed", output_text: "a" });
    });
  });

  test("a client that leaves in the middle stops the worker, and the row says so", async () => {
    const controller = new AbortController();
    const { signal } = controller;
    const body = { model: "mock/slow", input: "x", stream: true as const };
    let id = "";
    const stream = await client.responses.create(body, { signal });
    for await (const event of stream) {
      if (event.type === "response.created") id = event.response.id;
      if (event.type === "response.output_text.delta") controller.abort();
    }
    await vi.waitFor(async () => {
      expect(worker.server.load()).toMatchObject({ running: 0, waiting: 0 });
      expect(await client.responses.retrieve(id)).toMatchObject({ status: "cancelled" });
    });
    expect((await client.responses.retrieve(id)).output_text).not.toBe("");
  });

  test("a client's own deadline is told, whole and streamed, and kept", async () => {
    const headers = { "x-parley-timeout-ms": "300" };
    const body = { model, input: "x" };
    script = { steps: [say("1"), gate().closed] };
    expect(await failure(client.responses.create(body, { headers }))).toMatchObject({
      ...{ status: 504, code: "timeout" },
    });
    const stream = await client.responses.create({ ...body, stream: true }, { headers });
    const events = [];
    for await (const event of stream) events.push(event);
    const last = events.at(-1);
    if (last?.type !== "response.failed") throw new Error("it did not fail");
    const stored = await client.responses.retrieve(last.response.id);
    expect(stored).toMatchObject(last.response);
    expect(stored.output_text).toBe("1");
  });

  test("a client that leaves before it has read anything leaves no open row", async () => {
    const controller = new AbortController();
    const reply = fetch(`${api.url}/v1/responses`, {
      ...{ method: "POST", signal: controller.signal },
      headers: { authorization: "Bearer api-key-of-the-tests", "content-type": "application/json" },
      body: JSON.stringify({ model: "mock/never", input: "left", stream: true }),
    });
    await vi.waitFor(() => expect(worker.server.load().running).toBe(1));
    controller.abort();
    await failure(reply);
    await vi.waitFor(async () => {
      expect(worker.server.load()).toMatchObject({ running: 0, waiting: 0 });
      expect(await countRows("in_progress")).toBe(0);
    });
  });

  test("a response that is not there is 404 everywhere, deleted ones too", async () => {
    const made = await client.responses.create({ model: echo, input: "x" });
    expect(await client.delete(`/responses/${made.id}`)).toEqual({
      ...{ id: made.id, object: "response", deleted: true },
    });
    for (const id of [made.id, `resp_${"0".repeat(64)}`, "resp_1", "x".repeat(5_000), "%00"]) {
      for (const call of [
        () => client.responses.retrieve(id),
        () => client.responses.delete(id),
        () => client.responses.cancel(id),
        () => client.responses.inputItems.list(id),
        () => client.responses.retrieve(id, { stream: true }),
      ]) {
        expect(await failure(call())).toMatchObject({ status: 404, code: "not_found" });
      }
    }
  });

  test.each([
    ["stream=yes", "stream"],
    ["starting_after=1", "starting_after"],
    ["stream=true&starting_after=-1", "starting_after"],
    ["include[]=x", "include"],
    ["include_obfuscation=true", "include_obfuscation"],
    ["foo=1", "foo"],
    ["stream=true", "stream"],
  ])("GET with %s is refused by name", async (query, param) => {
    const made = await client.responses.create({ model: echo, input: "x" });
    const error = await failure(client.get(`/responses/${made.id}?${query}`));
    expect(error).toMatchObject({ status: 400 });
    expect((error as { param: string }).param).toMatch(new RegExp(`^${param}`));
  });

  test("other methods are 405", async () => {
    for (const [method, path] of [
      ["GET", "/v1/responses"],
      ["POST", "/v1/responses/resp_1"],
      ["GET", "/v1/responses/resp_1/cancel"],
      ["DELETE", "/v1/responses/resp_1/input_items"],
    ] as const) {
      const reply = await fetch(`${api.url}${path}`, { method });
      expect(reply.status).toBe(405);
    }
  });
});

async function countRows(status?: string): Promise<number> {
  const rows = await api.database.db.query.responses.findMany({ columns: { status: true } });
  return rows.filter((row) => status === undefined || row.status === status).length;
}
