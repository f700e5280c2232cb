/**
 * Goal: what is asked at a Parley is answered by workers of another one beneath it, as if they were its own.
 * Method: three web processes with a database each, mock workers at the bottom, official clients at the top.
 */
import { eq } from "drizzle-orm";
import OpenAI from "openai";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { usageRecords } from "@/lib/db/schema/usage";
import { installation, workers } from "@/lib/db/schema/workers";
import { setModel } from "@/lib/models/set-model";
import { toViaHeader, VIA_HEADER } from "@/lib/protocol/via";
import { createId } from "@/lib/util/id";
import { TEST_SECRET } from "@/worker/server-testing";
import {
  bundleParley,
  type JoinedWorker,
  joinWorker,
  type Parley,
  startParley,
} from "./__fixtures__/start-parley";

const WAIT = { timeout: 10_000, interval: 25 };
let top: Parley;
let middle: Parley;
let bottom: Parley;
let worker: JoinedWorker;

beforeAll(async () => {
  const program = await bundleParley();
  top = await startParley(program);
  middle = await startParley(program, { parent: top });
  bottom = await startParley(program, { parent: middle });
  worker = await joinWorker(bottom, { models: [] });
  await vi.waitFor(async () => expect(await modelNames(top)).toContain("mock/echo"), WAIT);
});

afterAll(async () => {
  for (const it of [worker, bottom, middle, top]) await it?.close();
});

function clientOf({ url }: Parley): OpenAI {
  return new OpenAI({ baseURL: `${url}/v1`, apiKey: "none", maxRetries: 0 });
}

async function modelNames(parley: Parley): Promise<string[]> {
  const { data } = await clientOf(parley).models.list();
  return data.map(({ id }) => id);
}

const messages = [{ role: "user" as const, content: "one two three" }];
const authorization = `Bearer ${TEST_SECRET}`;

function post(parley: Parley, path: string, body: unknown, headers: Record<string, string> = {}) {
  return fetch(`${parley.url}${path}`, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify(body),
  });
}

async function json(reply: Response) {
  return { status: reply.status, body: await reply.json() };
}

/** What differs from answer to answer. */
function still(value: unknown): unknown {
  return JSON.parse(
    JSON.stringify(value).replace(
      /"(id|created|request_id|system_fingerprint)":("[^"]*"|\d+)/g,
      '"$1":0',
    ),
  );
}

test("an answer streams through two Parleys, under the id that its client gave it", async () => {
  const requestId = `asked-${createId()}`;
  const stream = await clientOf(top).chat.completions.create(
    { model: "mock/echo", messages, stream: true, stream_options: { include_usage: true } },
    { headers: { "x-request-id": requestId } },
  );
  let text = "";
  let usage: unknown;
  for await (const chunk of stream) {
    text += chunk.choices[0]?.delta.content ?? "";
    usage = chunk.usage ?? usage;
  }
  expect(text).toBe("one two three");
  expect(usage).toMatchObject({ completion_tokens: expect.any(Number) });
  for (const parley of [top, middle, bottom]) {
    await vi.waitFor(async () => {
      const rows = await parley.database.db
        .select()
        .from(usageRecords)
        .where(eq(usageRecords.requestId, requestId));
      expect(rows).toMatchObject([
        {
          owner: parley === top ? "anonymous" : "parent",
          endpoint: parley === top ? "/v1/chat/completions" : "/api/relay/generate",
          ...{ model: "mock/echo", outcome: "complete", completionTokens: expect.any(Number) },
        },
      ]);
      const { completion_tokens: completion } = usage as { completion_tokens: number };
      expect(rows[0]?.completionTokens).toBe(completion);
    }, WAIT);
    expect(parley.output()).toContain(requestId);
  }
});

const CALLS: [string, number, string, object][] = [
  ["a seeded answer", 200, "/v1/chat/completions", { model: "mock/random", messages, seed: 7 }],
  ["Anthropic's wire", 200, "/v1/messages", { model: "mock/echo", messages, max_tokens: 9 }],
  [
    "what the model does not know",
    400,
    "/v1/completions",
    { model: "mock/echo", prompt: "one two" },
  ],
  ["vectors", 200, "/v1/embeddings", { model: "mock/reader", input: ["a", "b b"] }],
  ["scores", 200, "/v1/rerank", { model: "mock/reader", query: "a", documents: ["a", "b"] }],
  ["labels", 200, "/v1/classify", { model: "mock/reader", input: ["a", "b"] }],
  ["tokens", 200, "/tokenize", { model: "mock/echo", prompt: "one two", return_token_strs: true }],
  ["a rendered chat", 200, "/tokenize", { model: "mock/echo", messages }],
  ["ids of no token", 400, "/detokenize", { model: "mock/echo", tokens: [1] }],
  ["a full model", 429, "/v1/chat/completions", { model: "mock/rejects", messages }],
  [
    "a prompt that is too long",
    400,
    "/v1/chat/completions",
    { model: "mock/context", messages: [{ role: "user", content: "word ".repeat(200) }] },
  ],
  [
    "what the model cannot do",
    400,
    "/v1/chat/completions",
    { model: "mock/echo", messages, logprobs: true, top_logprobs: 2 },
  ],
];

test.each(CALLS)("%s: the same at the top as at the bottom", async (_, status, path, body) => {
  const [above, below] = await Promise.all(
    [top, bottom].map(async (parley) => json(await post(parley, path, body))),
  );
  expect(above?.status).toBe(status);
  expect(still(above)).toEqual(still(below));
});

test("tokens that were counted at the top are a text again there", async () => {
  const counted = await json(
    await post(top, "/tokenize", { model: "mock/echo", prompt: "one two" }),
  );
  const { tokens } = counted.body as { tokens: number[] };
  const text = await json(await post(top, "/detokenize", { model: "mock/echo", tokens }));
  expect(text).toEqual({ status: 200, body: { prompt: "one two" } });
});

test("what the tokenizer's files say comes through", async () => {
  const read = ({ url }: Parley) => fetch(`${url}/tokenizer_info?model=mock/echo`);
  const [above, below] = await Promise.all([top, bottom].map(async (it) => json(await read(it))));
  expect(above).toEqual(below);
});

test("a client that leaves is heard of at the bottom", async () => {
  const leave = new AbortController();
  const asked = clientOf(top).chat.completions.create(
    { model: "mock/slow", messages, stream: true },
    { signal: leave.signal },
  );
  for await (const _ of await asked) {
    expect(worker.server.load().running).toBe(1);
    leave.abort();
  }
  await worker.whenIdle();
  const beforeFirst = new AbortController();
  const silent = clientOf(top).chat.completions.create(
    { model: "mock/never", messages },
    { signal: beforeFirst.signal },
  );
  silent.catch(() => undefined);
  await vi.waitFor(() => expect(worker.server.load().running).toBe(1), WAIT);
  beforeFirst.abort();
  await worker.whenIdle();
});

test("a failure in the middle keeps the text that came, and its code", async () => {
  const stream = await clientOf(top).chat.completions.create({
    ...{ model: "mock/fails-after-3-tokens", messages, stream: true },
  } as const);
  let text = "";
  const reading = (async () => {
    for await (const chunk of stream) text += chunk.choices[0]?.delta.content ?? "";
  })();
  await expect(reading).rejects.toThrow();
  expect(text).toBe("This will fail");
});

test("keepers see a Parley, what it passes on, and how busy it is", async () => {
  const ids = await Promise.all(
    [middle, bottom].map(async ({ database }) => {
      const [row] = await database.db.select().from(installation);
      return row?.id;
    }),
  );
  await vi.waitFor(async () => {
    const rows = await top.database.db.select().from(workers);
    expect(rows).toMatchObject([
      {
        kind: "parley",
        state: "ready",
        slots: 4,
        parleys: ids,
        address: `${middle.url}/api/relay`,
      },
    ]);
  }, WAIT);
  const [own] = await bottom.database.db.select().from(workers);
  expect(own).toMatchObject({ kind: "mock", parleys: [] });
});

test("a Parley without a parent has no such door", async () => {
  for (const path of ["/api/relay/generate", "/api/relay/health", "/api/relay/card"]) {
    const reply = await fetch(`${top.url}${path}`, {
      method: path.endsWith("generate") ? "POST" : "GET",
      headers: { authorization },
    });
    expect(reply.status, path).toBe(404);
  }
});

test("nobody comes in without the secret, and its health names no model", async () => {
  const request = { requestId: "r", model: "mock/echo", messages: [], sampling: {}, stop: [] };
  for (const headers of [{}, { authorization: "Bearer another secret of the tests" }]) {
    const reply = await post(bottom, "/api/relay/generate", request, headers as never);
    expect(await json(reply)).toMatchObject({
      status: 401,
      body: { error: { code: "unauthenticated", retryable: false } },
    });
  }
  const health = await json(await fetch(`${bottom.url}/api/relay/health`));
  expect(health).toEqual({ status: 200, body: { state: "ready", instanceId: expect.any(String) } });
});

test("what is wrong with a body is named; it may be as large as a worker's", async () => {
  const ask = (inputs: string[]) =>
    post(bottom, "/api/relay/embed", { requestId: "r", model: "m", inputs }, { authorization });
  expect(await json(await ask([]))).toMatchObject({
    status: 400,
    body: { error: { code: "invalid-request", param: "inputs" } },
  });
  const large = await ask(Array.from({ length: 30 }, () => "x".repeat(100_000)));
  expect(await json(large)).toMatchObject({ body: { error: { code: "model-not-found" } } });
});

test("a request that has come through here before is refused, for another to take", async () => {
  const [{ id } = { id: "" }] = await bottom.database.db.select().from(installation);
  const via = { [VIA_HEADER]: toViaHeader([createId(), id]) };
  const embed = { requestId: "r", model: "mock/reader", inputs: ["a"] };
  const generate = {
    requestId: "r",
    model: "mock/echo",
    prompt: "a",
    messages: [],
    sampling: {},
    stop: [],
  };
  for (const [path, body] of [
    ["embed", embed],
    ["generate", generate],
  ] as const) {
    const reply = await post(bottom, `/api/relay/${path}`, body, { authorization, ...via });
    expect(await json(reply)).toMatchObject({
      status: 503,
      body: { error: { code: "no-worker", retryable: true } },
    });
  }
});

test("what came by way of a Parley is not handed back to it", async () => {
  const [{ id } = { id: "" }] = await bottom.database.db.select().from(installation);
  const via = { [VIA_HEADER]: toViaHeader([id]) };
  const embed = { requestId: "r", model: "mock/reader", inputs: ["a"] };
  const reply = await post(middle, "/api/relay/embed", embed, { authorization, ...via });
  expect(await json(reply)).toMatchObject({ status: 503, body: { error: { code: "no-worker" } } });
});

test("what is hidden or shut down there is neither passed on nor answered by its name", async () => {
  const { db } = bottom.database;
  const embed = (model: string) =>
    post(bottom, "/api/relay/embed", { requestId: "r", model, inputs: ["a"] }, { authorization });
  const said = { defaults: {}, limits: {}, fallbacks: [], dispatch: null, price: null, card: {} };
  const shut = { arena: true, direct: true, api: false, isAnonymousOnly: false };
  const hidden = { arena: true, direct: false, api: false, isAnonymousOnly: true };
  await setModel({ ...said, model: "mock/reader", visibility: shut }, db);
  await vi.waitFor(async () => expect(await modelNames(top)).not.toContain("mock/reader"), WAIT);
  expect(await json(await embed("mock/reader"))).toMatchObject({
    ...{ status: 403, body: { error: { code: "forbidden" } } },
  });
  await setModel({ ...said, model: "mock/reader", visibility: hidden }, db);
  await vi.waitFor(async () => {
    const [asked, never] = [await json(await embed("mock/reader")), await json(await embed("no"))];
    expect(asked.body.error.code).toBe("model-not-found");
    expect(asked.body.error.message).toBe(
      never.body.error.message.replace("`no`", "`mock/reader`"),
    );
  }, WAIT);
  expect(await modelNames(top)).toContain("mock/echo");
});
