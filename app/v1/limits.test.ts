/**
 * Goal: limits as programs meet them: through the official clients, before the work and in the middle of it.
 * Method: keys with limits in a real database, the route handlers over HTTP, mock workers behind them.
 */
import Anthropic from "@anthropic-ai/sdk";
import { sql } from "drizzle-orm";
import OpenAI from "openai";
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from "vitest";

vi.hoisted(() => {
  process.env.PARLEY_WORKER_SECRET = "a secret of the tests";
});

import { keyRing } from "@/lib/auth/key-ring";
import { createKey, revokeKey } from "@/lib/auth/key-store";
import { catalog } from "@/lib/catalog/catalog";
import { writeModelSettings } from "@/lib/catalog/store";
import type { KeyLimits } from "@/lib/protocol/api-key";
import { usageFlusher } from "@/lib/usage/flusher";
import { type AddedWorker, type ApiServer, startApiServer } from "./__fixtures__/api-server";

const WORDS = "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu";
const messages = [{ role: "user" as const, content: WORDS }];

let api: ApiServer;
let worker: AddedWorker;
beforeAll(async () => {
  api = await startApiServer();
  worker = await api.addWorker({ models: ["mock/echo", "mock/slow"] });
  // $100 a million tokens, $1,000 a million written.
  const price = { prompt: 100, completion: 1_000 };
  const settings = { defaults: {}, price, limits: {}, fallbacks: [] };
  await writeModelSettings(api.database.db, { model: "mock/slow", ...settings });
  await catalog().refresh();
});
afterAll(() => api.close());

async function makeKey(limits: KeyLimits): Promise<string> {
  const scopes = ["generate", "texts", "read"] as const;
  const body = { name: "test", scopes: [...scopes], models: null, limits, expiresAt: null };
  const { key } = await createKey(api.database.db, body);
  await keyRing().refresh();
  return key;
}

/** As another process would, and a look at what runs here. */
async function revokeLast(): Promise<void> {
  const [last] = await api.database.db.execute<{ id: string }>(
    sql`select id from api_keys order by created_at desc limit 1`,
  );
  await revokeKey(api.database.db, last?.id ?? "");
  await keyRing().refresh();
  await usageFlusher().review();
}

const clientOf = (apiKey: string, options = {}) =>
  new OpenAI({ baseURL: `${api.url}/v1`, apiKey, maxRetries: 0, ...options });

async function failure(act: PromiseLike<unknown>): Promise<InstanceType<typeof OpenAI.APIError>> {
  try {
    await act;
  } catch (error) {
    if (error instanceof OpenAI.APIError) return error;
    throw error;
  }
  throw new Error("nothing failed");
}

async function idle(): Promise<void> {
  await vi.waitFor(() => {
    expect(worker.server.load()).toMatchObject({ running: 0, waiting: 0 });
    expect(api.controller.inFlight()).toBe(0);
  });
}

test("requests a minute: headers count down, then 429 with its headers and Retry-After", async () => {
  const client = clientOf(await makeKey({ requestsPerMinute: 2, tokensPerMinute: 5_000 }));
  const ask = () => client.chat.completions.create({ model: "mock/echo", messages }).withResponse();
  const { response: first } = await ask();
  expect(first.headers.get("x-ratelimit-limit-requests")).toBe("2");
  expect(first.headers.get("x-ratelimit-remaining-requests")).toBe("1");
  expect(first.headers.get("x-ratelimit-reset-requests")).toMatch(/^\d+m\d+s$/);
  expect(first.headers.get("x-ratelimit-limit-tokens")).toBe("5000");
  expect(Number(first.headers.get("x-ratelimit-remaining-tokens"))).toBeLessThan(5_000);
  await ask();
  const error = await failure(ask());
  expect(error).toBeInstanceOf(OpenAI.RateLimitError);
  expect(error).toMatchObject({
    status: 429,
    code: "rate_limit_exceeded",
    type: "rate_limit_error",
  });
  expect(error.message).toContain("The limit of 2 requests a minute of this API key is reached.");
  expect(Number(error.headers?.get("retry-after"))).toBeGreaterThan(0);
  expect(error.headers?.get("x-ratelimit-remaining-requests")).toBe("0");
  expect(error.headers?.get("x-should-retry")).toBeNull();
  // What asks no model is neither counted nor refused.
  const models = await client.models.list();
  expect(models.data.length).toBeGreaterThan(0);
});

test("a budget used up in the middle of a stream ends it with what was written so far", async () => {
  const key = await makeKey({ tokensPerDay: 20 });
  const client = clientOf(key);
  const stream = await client.chat.completions.create({
    ...{ model: "mock/echo", messages, stream: true },
  });
  let text = "";
  const error = await failure(
    (async () => {
      for await (const chunk of stream) text += chunk.choices[0]?.delta.content ?? "";
    })(),
  );
  expect(WORDS.startsWith(text)).toBe(true);
  expect(text.length).toBeGreaterThan(0);
  expect(text).not.toBe(WORDS);
  expect(error).toMatchObject({ code: "insufficient_quota", type: "insufficient_quota" });
  expect(error.message).toContain("The budget of 20 tokens a day of this API key is used up.");
  await idle();
  await usageFlusher().flush();
  const [record] = await api.database.db.execute(
    sql`select outcome, prompt_tokens + completion_tokens as tokens from usage_records
      where outcome = 'quota-exceeded'`,
  );
  expect(record).toEqual({ outcome: "quota-exceeded", tokens: 21 });

  // The next one is refused before any work, and its client asks no second time.
  let asked = 0;
  const counting: typeof fetch = (...call) => {
    asked += 1;
    return fetch(...call);
  };
  const patient = clientOf(key, { maxRetries: 3, fetch: counting });
  const refused = await failure(patient.chat.completions.create({ model: "mock/echo", messages }));
  expect(refused.status).toBe(429);
  expect(refused.headers?.get("x-should-retry")).toBe("false");
  expect(Number(refused.headers?.get("retry-after"))).toBeGreaterThan(0);
  expect(asked).toBe(1);
});

test.each([
  ["a chat", "/v1/chat/completions", { messages, stream: true }],
  ["a chat that is waited for", "/v1/chat/completions", { messages }],
  ["several answers", "/v1/chat/completions", { messages, n: 2, stream: true }],
  ["a message", "/v1/messages", { messages, max_tokens: 64, stream: true }],
  ["a response", "/v1/responses", { input: WORDS, stream: true }],
] as const)("%s ends with its key, and its reader is told", async (_, path, body) => {
  const key = await makeKey({});
  const reply = fetch(`${api.url}${path}`, {
    method: "POST",
    headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
    body: JSON.stringify({ model: "mock/slow", ...body }),
  });
  await vi.waitFor(() => expect(worker.server.load().running).toBeGreaterThan(0));
  await revokeLast();
  const text = await (await reply).text();
  expect(text).toContain("This API key was revoked. Ask whoever runs this server for another one.");
  expect((await reply).status).toBe("stream" in body ? 200 : 401);
  await idle();
});

test("money ends an answer that is not streamed, too", async () => {
  const client = clientOf(await makeKey({ dollarsPerMonth: 0.005 }));
  const error = await failure(client.chat.completions.create({ model: "mock/slow", messages }));
  expect(error).toMatchObject({ status: 429, code: "insufficient_quota" });
  expect(error.message).toContain("The budget of $0.005 a month of this API key is used up.");
  await idle();
});

test("requests at once: the place is free when the reader leaves", async () => {
  const client = clientOf(await makeKey({ concurrentRequests: 1 }));
  const stream = await client.chat.completions.create({
    ...{ model: "mock/slow", messages, stream: true },
  });
  const error = await failure(client.chat.completions.create({ model: "mock/echo", messages }));
  expect(error.message).toContain("The limit of 1 request at once of this API key is reached.");
  stream.controller.abort();
  await vi.waitFor(() => client.chat.completions.create({ model: "mock/echo", messages }));
  await idle();
});

test("limits of a model hold for everyone, and are told to nobody as another's", async () => {
  const [one, other] = [clientOf(await makeKey({})), clientOf(await makeKey({}))];
  const limits = { requestsPerMinute: 1 };
  const settings = { defaults: {}, price: undefined, limits, fallbacks: [] };
  await writeModelSettings(api.database.db, { model: "mock/echo", ...settings });
  await catalog().refresh();
  await one.chat.completions.create({ model: "mock/echo", messages });
  const error = await failure(other.chat.completions.create({ model: "mock/echo", messages }));
  expect(error.message).toContain("of the model `mock/echo` over all callers is reached");
  await writeModelSettings(api.database.db, { model: "mock/echo", ...settings, limits: {} });
  await catalog().refresh();
});

test("Anthropic's client hears of limits in its own words", async () => {
  const apiKey = await makeKey({ requestsPerMinute: 1 });
  const client = new Anthropic({ baseURL: api.url, apiKey, maxRetries: 0 });
  const ask = () =>
    client.messages.create({ model: "mock/echo", max_tokens: 64, messages }).withResponse();
  const { response } = await ask();
  expect(response.headers.get("anthropic-ratelimit-requests-limit")).toBe("1");
  expect(response.headers.get("anthropic-ratelimit-requests-remaining")).toBe("0");
  expect(
    Date.parse(response.headers.get("anthropic-ratelimit-requests-reset") ?? ""),
  ).toBeGreaterThan(Date.now());
  expect(response.headers.get("x-ratelimit-limit-requests")).toBeNull();
  await expect(ask()).rejects.toMatchObject({ status: 429 });
});

test("Anthropic's stream ends with its error event when a budget is used up", async () => {
  const apiKey = await makeKey({ tokensPerMonth: 20 });
  const client = new Anthropic({ baseURL: api.url, apiKey, maxRetries: 0 });
  const body = { model: "mock/echo", max_tokens: 64, messages, stream: true } as const;
  const stream = await client.messages.create(body);
  let text = "";
  const read = async () => {
    for await (const event of stream) {
      if (event.type === "content_block_delta" && event.delta.type === "text_delta") {
        text += event.delta.text;
      }
    }
  };
  await expect(read()).rejects.toMatchObject({
    error: { error: { type: "rate_limit_error", details: { error_code: "quota_exceeded" } } },
  });
  expect(WORDS.startsWith(text)).toBe(true);
  expect(text.length).toBeGreaterThan(0);
  await idle();
});

test("a list of texts is charged part by part, and refused once the budget is used up", async () => {
  const client = clientOf(await makeKey({ tokensPerDay: 3 }));
  const input = ["one two three four"];
  const model = "mock/reader";
  await api.addWorker({ models: [model] });
  // The last part is whole by the time it is counted.
  await client.embeddings.create({ model, input });
  const error = await failure(client.embeddings.create({ model, input }));
  expect(error).toMatchObject({ status: 429, code: "insufficient_quota" });
});

test("an answer that nobody waits for ends with its key, by the word of the database alone", async () => {
  // As every process does from its start on.
  usageFlusher().start();
  const stuck = await api.addWorker({ models: ["mock/never"] });
  onTestFinished(() => usageFlusher().close());
  const key = await makeKey({});
  const client = clientOf(key);
  const created = await client.responses.create({
    ...{ model: "mock/never", input: WORDS, background: true },
  });
  await vi.waitFor(() => expect(stuck.server.load().running).toBe(1));
  await revokeKey(api.database.db, key);
  await vi.waitFor(async () => {
    const [row] = await api.database.db.execute(
      sql`select body->>'status' as status, body->'error'->>'message' as message from responses
        where id = ${created.id}`,
    );
    expect(row).toMatchObject({ status: "failed" });
    expect(row?.message).toContain("This API key was revoked.");
  }, 10_000);
  await vi.waitFor(() => expect(stuck.server.load()).toMatchObject({ running: 0, waiting: 0 }));
});
