/**
 * Goal: with one key in the world everything a program may call needs one, and a key is held to what it
 * may do. Method: official clients and bare requests against the handlers over HTTP, keys made by a keeper
 * through the admin API, mock workers behind them.
 */
import Anthropic from "@anthropic-ai/sdk";
import OpenAI from "openai";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";

vi.hoisted(() => {
  process.env.PARLEY_SECRET = "secret-of-the-tests";
  process.env.PARLEY_WORKER_SECRET = "a secret of the tests";
  process.env.PARLEY_ADMIN_TOKEN = "admin-token-of-the-tests";
});

import * as adminKeyRoute from "@/app/api/admin/keys/[id]/route";
import * as adminKeysRoute from "@/app/api/admin/keys/route";
import { openAdminSession } from "@/lib/auth/admin-session";
import { keyRing } from "@/lib/auth/key-ring";
import { updateKey } from "@/lib/auth/key-store";
import type { ErrorCode } from "@/lib/errors";
import { type CreatedKey, createdKeySchema, keyListSchema } from "@/lib/protocol/key-view";
import { HOT_ROUTES } from "@/server-routes";
import { type ApiServer, startApiServer } from "./__fixtures__/api-server";

let api: ApiServer;
beforeAll(async () => {
  api = await startApiServer();
  await api.addWorker({ models: ["mock/echo", "mock/slow"] });
});
afterAll(() => api.close());

const messages = [{ role: "user" as const, content: "alpha beta" }];
const ask = { model: "mock/echo", messages };
const openai = (apiKey: string) =>
  new OpenAI({ baseURL: `${api.url}/v1`, apiKey, maxRetries: 0, defaultHeaders: {} });
const anthropic = (apiKey: string) => new Anthropic({ baseURL: api.url, apiKey, maxRetries: 0 });

async function failure(act: PromiseLike<unknown>): Promise<unknown> {
  return await act.then(
    () => {
      throw new Error("nothing failed");
    },
    (error: unknown) => error,
  );
}

// The keepers' pages are answered by Next, with these handlers.
const cookie = openAdminSession("admin-token-of-the-tests", "here").split(";")[0] ?? "";
const KEEPING = {
  GET: adminKeysRoute.GET,
  POST: adminKeysRoute.POST,
  PATCH: adminKeyRoute.PATCH,
  DELETE: adminKeyRoute.DELETE,
};
async function keep(method: keyof typeof KEEPING, id?: string, body?: object) {
  const request = new Request(`http://127.0.0.1/api/admin/keys${id ? `/${id}` : ""}`, {
    method,
    headers: { cookie, "content-type": "application/json" },
    ...(body && { body: JSON.stringify(body) }),
  });
  const handler = id && method === "GET" ? adminKeyRoute.GET : KEEPING[method];
  const reply = await handler(request, { params: Promise.resolve({ id }) });
  return { status: reply.status, body: await reply.json() };
}

async function make(body: object = {}): Promise<CreatedKey> {
  const reply = await keep("POST", undefined, { name: "a program", ...body });
  expect(reply.status).toBe(201);
  return createdKeySchema.parse(reply.body);
}

/** A request to each route of programs, without a key. */
const CALLED = Object.keys(HOT_ROUTES).filter(
  (path) =>
    /^\/(v1|tokenize|detokenize|tokenizer_info|api\/v1)/.test(path) && !path.includes("...rest]"),
);
const OPEN_TO_ALL = ["/v1/openapi.json"];

async function bare(path: string): Promise<number> {
  const isGet =
    HOT_ROUTES[path]?.GET !== undefined && /models|tokenizer_info|\[id\]|openapi/.test(path);
  const url = api.url + path.replace(/\[.*?\]/, "some-id");
  const reply = await fetch(url, {
    method: isGet && !path.endsWith("cancel") ? "GET" : "POST",
    ...((!isGet || path.endsWith("cancel")) && {
      headers: { "content-type": "application/json" },
      body: "{}",
    }),
  });
  await reply.text();
  return reply.status;
}

test("before there is a key, every client is served, whatever it sends for one", async () => {
  const { choices } = await openai("EMPTY").chat.completions.create(ask);
  expect(choices[0]?.message.content).toBe("alpha beta");
  expect((await anthropic("none").messages.create({ ...ask, max_tokens: 9 })).role).toBe(
    "assistant",
  );
  for (const path of CALLED) expect(await bare(path), path).not.toBe(401);
  expect(keyListSchema.parse((await keep("GET")).body)).toEqual({
    ...{ keys: [], total: 0, open: "this-machine" },
  });
});

describe("once there is a key", () => {
  test("every route of programs needs one, in its own words for errors", async () => {
    await make();
    expect(CALLED.length).toBeGreaterThan(15);
    for (const path of CALLED.filter((it) => !OPEN_TO_ALL.includes(it))) {
      expect(await bare(path), path).toBe(401);
    }
    for (const path of OPEN_TO_ALL) expect(await bare(path), path).toBe(200);
    const error = await failure(openai("EMPTY").chat.completions.create(ask));
    expect(error).toBeInstanceOf(OpenAI.AuthenticationError);
    expect(error).toMatchObject({ status: 401, code: "invalid_api_key" });
    const other = await failure(anthropic("EMPTY").messages.create({ ...ask, max_tokens: 9 }));
    expect(other).toBeInstanceOf(Anthropic.AuthenticationError);
    expect(other).toMatchObject({ type: "authentication_error" });
  });

  test("with a key both clients are served, streams too", async () => {
    const { key } = await make();
    const stream = await openai(key).chat.completions.create({ ...ask, stream: true });
    let text = "";
    for await (const chunk of stream) text += chunk.choices[0]?.delta.content ?? "";
    expect(text).toBe("alpha beta");
    const reply = await anthropic(key).messages.create({ ...ask, max_tokens: 9 });
    expect(reply.content).toMatchObject([{ type: "text", text: "alpha beta" }]);
    const bearer = new Anthropic({ baseURL: api.url, authToken: key, apiKey: null, maxRetries: 0 });
    expect((await bearer.messages.create({ ...ask, max_tokens: 9 })).role).toBe("assistant");
  });

  test("scopes: a key without the one that is needed is told which", async () => {
    const { key } = await make({ scopes: ["read"] });
    expect((await openai(key).models.list()).data.length).toBeGreaterThan(0);
    const error = await failure(openai(key).chat.completions.create(ask));
    expect(error).toBeInstanceOf(OpenAI.PermissionDeniedError);
    expect(String(error)).toContain("lacks the scope `generate`");
    const other = await failure(anthropic(key).messages.create({ ...ask, max_tokens: 9 }));
    expect(other).toBeInstanceOf(Anthropic.PermissionDeniedError);
    const embeddings = openai(key).embeddings.create({ model: "mock/echo", input: "x" });
    expect(String(await failure(embeddings))).toContain("lacks the scope `texts`");
  });

  test("models: a key sees and may use what it names, and nothing else", async () => {
    const { key } = await make({ models: ["mock/echo"] });
    const client = openai(key);
    expect((await client.models.list()).data.map((it) => it.id)).toEqual(["mock/echo", "auto"]);
    expect((await client.models.retrieve("mock/echo")).id).toBe("mock/echo");
    const hidden = await failure(client.models.retrieve("mock/slow"));
    expect(hidden).toBeInstanceOf(OpenAI.NotFoundError);
    expect((await client.chat.completions.create(ask)).model).toBe("mock/echo");
    const error = await failure(client.chat.completions.create({ ...ask, model: "mock/slow" }));
    expect(error).toBeInstanceOf(OpenAI.PermissionDeniedError);
    expect(error).toMatchObject({ param: "model" });
  });

  test("a revoked key is refused at the next request, an expired one from its moment on", async () => {
    const { key, view } = await make();
    const client = openai(key);
    await client.models.list();
    expect((await keep("DELETE", view.id)).body).toMatchObject({ state: "revoked" });
    expect(String(await failure(client.models.list()))).toContain("was revoked");

    const short = await make({ expiresAt: new Date(Date.now() + 60_000).toISOString() });
    await openai(short.key).models.list();
    const at = Date.parse(short.view.expiresAt ?? "");
    const clock = vi.spyOn(Date, "now").mockReturnValue(at);
    const error = await failure(openai(short.key).models.list());
    clock.mockRestore();
    expect(String(error)).toContain("expired at");
  });

  test("a change by another process is heard", async () => {
    const { key, view } = await make();
    await updateKey(api.database.db, view.id, { scopes: ["texts"] });
    const heard = async () => {
      const error = await failure(openai(key).models.list());
      expect(String(error)).toContain("lacks the scope `read`");
    };
    await vi.waitFor(heard, { timeout: 10_000 });
  });
});

describe("for keepers", () => {
  test("a key is changed by what is named; its text is never shown again", async () => {
    const { key, view } = await make({ limits: { requestsPerMinute: 9 } });
    const changed = await keep("PATCH", view.id, { name: "renamed" });
    expect(changed.body).toEqual({ ...view, name: "renamed" });
    expect((await keep("GET", view.id)).body).toEqual(changed.body);
    const list = await keep("GET");
    expect(JSON.stringify(list.body)).not.toContain(key.slice(view.prefix.length));
    expect(keyListSchema.parse(list.body)).toMatchObject({ open: "nobody" });
  });

  test.each([
    [{}, "name"],
    [{ name: " " }, "name"],
    [{ name: "x", scopes: [] }, "scopes"],
    [{ name: "x", scopes: ["read", "read"] }, "scopes"],
    [{ name: "x", scopes: ["admin"] }, "scopes.0"],
    [{ name: "x", models: [] }, "models"],
    [{ name: "x", limits: { requestsPerMinute: 0 } }, "limits.requestsPerMinute"],
    [{ name: "x", limits: { tokensPerDay: 1.5 } }, "limits.tokensPerDay"],
    [{ name: "x", limits: { dollarsPerDay: "5" } }, "limits.dollarsPerDay"],
    [{ name: "x", limits: { perHour: 5 } }, "limits.perHour"],
    [{ name: "x", limits: { models: { m: { x: 1 } } } }, "limits.models.m.x"],
    [{ name: "x", expiresAt: "tomorrow" }, "expiresAt"],
    [{ name: "x", expiresAt: "2020-01-01T00:00:00Z" }, "expiresAt"],
    [{ name: "x", hash: "00" }, "hash"],
  ])("%j is refused by its field", async (body, param) => {
    const before = keyListSchema.parse((await keep("GET")).body).total;
    const reply = await keep("POST", undefined, body);
    expect(reply.status).toBe(400);
    const code: ErrorCode = "invalid-request";
    expect(reply.body.error).toMatchObject({ code, param });
    expect(keyListSchema.parse((await keep("GET")).body).total).toBe(before);
  });

  test("nobody else makes or sees keys: not a stranger, not a page of another site", async () => {
    const strangers: Record<string, string>[] = [{}, { cookie, origin: "https://evil.example" }];
    for (const headers of strangers) {
      const request = new Request("http://127.0.0.1/api/admin/keys", {
        method: "POST",
        headers: { ...headers, "content-type": "application/json" },
        body: JSON.stringify({ name: "x" }),
      });
      expect([401, 403]).toContain((await adminKeysRoute.POST(request)).status);
    }
    const unknown = await keep("DELETE", "0198c0de-0000-7000-8000-000000000001");
    expect(unknown).toMatchObject({ status: 404, body: { error: { code: "not-found" } } });
    expect(keyRing().peek()?.isEmpty).toBe(false);
  });
});
