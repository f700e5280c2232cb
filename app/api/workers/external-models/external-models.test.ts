/**
 * Goal: keys of providers leave for those workers alone that may have them, on ways where nobody reads along,
 * and are in no answer to a keeper and no line of the log. Method: the handlers over HTTP on a real database,
 * and every line of the process's own logger at its most talkative.
 */
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";

const { lines } = vi.hoisted(() => {
  process.env.LOG_LEVEL = "trace";
  process.env.PARLEY_SECRET = "secret-of-the-tests";
  process.env.PARLEY_WORKER_SECRET = "a secret of the tests";
  process.env.PARLEY_ADMIN_TOKEN = "admin-token-of-the-tests";
  return { lines: [] as string[] };
});
vi.mock("@/lib/telemetry/line-writer", () => ({
  writeLinesToStdout: () => ({
    write: (line: string) => void lines.push(line),
    flushSync: () => {},
  }),
}));

import { type ApiServer, startApiServer } from "@/app/v1/__fixtures__/api-server";
import { openAdminSession } from "@/lib/auth/admin-session";
import { createWorkerToken } from "@/lib/auth/worker-token-store";
import { paths } from "@/lib/paths";
import { errorReplySchema } from "@/lib/protocol/arena-view";
import { handedModelsSchema } from "@/lib/protocol/external-models";
import { providersViewSchema } from "@/lib/protocol/providers-view";

const KEY = "sk-quixotic-marmalade-of-somebody";
const NEXT_KEY = "sk-second-marmalade-of-somebody";

let api: ApiServer;
let cookie: string;
beforeAll(async () => {
  api = await startApiServer();
  cookie = openAdminSession("admin-token-of-the-tests", "here").split(";")[0] ?? "";
});
afterAll(() => api.close());

type Asked = { method?: string; body?: unknown; headers?: Record<string, string> };

async function ask(path: string, { method = "GET", body, headers = {} }: Asked = {}) {
  const reply = await fetch(`${api.url}${path}`, {
    method,
    headers: { ...headers, ...(body !== undefined && { "content-type": "application/json" }) },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  return { status: reply.status, headers: reply.headers, text: await reply.text() };
}
const asKeeper = (path: string, more: Asked = {}) => ask(path, { ...more, headers: { cookie } });
const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
const SHARED = bearer("a secret of the tests");
const fetchModels = (headers: Record<string, string> = SHARED) =>
  ask(paths.api.workerExternalModels, { headers });
const codeOf = (text: string) => errorReplySchema.parse(JSON.parse(text)).error;

const ENTRY = { name: "claude", provider: "anthropic", model: "claude-sonnet-4-5" };

describe("keepers", () => {
  const seen: string[] = [];
  const view = async (path: string, more: Asked = {}) => {
    const { status, text, headers } = await asKeeper(path, more);
    seen.push(text, JSON.stringify([...headers]));
    expect([status, text]).toEqual([more.method === "POST" ? 201 : 200, expect.any(String)]);
    return providersViewSchema.parse(JSON.parse(text));
  };

  test("enter a key and a model, change both, and are told nothing of the key in any answer", async () => {
    const body = { name: "house", provider: "anthropic", credentials: { key: `  ${KEY}\n` } };
    const made = await view(paths.api.adminProviderKeys, { method: "POST", body });
    const [key] = made.keys;
    const keyId = key?.id ?? "";
    const added = await view(paths.api.adminExternalModels, {
      ...{ method: "POST", body: { entry: ENTRY, keyId } },
    });
    const [model] = added.models;
    expect(model).toMatchObject({ state: "waiting", keyId, isEnabled: true });
    expect(added.keys[0]?.models).toEqual(["claude"]);

    const path = paths.api.adminProviderKey(keyId);
    const changed = await view(path, { method: "PATCH", body: { credentials: { key: NEXT_KEY } } });
    expect(changed.keys).toHaveLength(1);
    await view(paths.api.adminExternalModel(model?.id ?? ""), {
      ...{ method: "PUT", body: { entry: { ...ENTRY, contextLength: 200_000 }, keyId } },
    });
    await view(paths.api.adminProviders);
    for (const text of seen) expect(text).not.toContain("marmalade");
  });

  test("are told the field of what is wrong, and not what they sent", async () => {
    for (const [path, body, param] of [
      [
        paths.api.adminProviderKeys,
        { name: "k", provider: "anthropic", credentials: { key: "sk marmalade" } },
        "credentials.key",
      ],
      [
        paths.api.adminProviderKeys,
        { name: "k", provider: "bedrock", credentials: { accessKeyId: "marmalade" } },
        "credentials.secretAccessKey",
      ],
      [
        paths.api.adminProviderKeys,
        { name: "k", provider: "vertex-anthropic", credentials: { key: "marmalade" } },
        "provider",
      ],
      [
        paths.api.adminExternalModels,
        { entry: { ...ENTRY, name: "n", key: "sk-marmalade" } },
        "entry.key",
      ],
      [
        paths.api.adminExternalModels,
        { entry: { ...ENTRY, name: "n", baseUrl: "file:///etc/passwd" } },
        "entry.baseUrl",
      ],
    ] as const) {
      const { status, text } = await asKeeper(path, { method: "POST", body });
      expect([status, codeOf(text).param]).toEqual([400, param]);
      expect(text).not.toContain("marmalade");
    }
  });

  test("cannot read a key back, and strangers can do nothing", async () => {
    const { keys, models } = await view(paths.api.adminProviders);
    const [path, model] = [keys[0]?.id ?? "", models[0]?.id ?? ""];
    expect((await asKeeper(paths.api.adminProviderKey(path))).status).toBe(405);
    for (const [method, place] of [
      ["GET", paths.api.adminProviders],
      ["POST", paths.api.adminProviderKeys],
      ["PATCH", paths.api.adminProviderKey(path)],
      ["DELETE", paths.api.adminProviderKey(path)],
      ["POST", paths.api.adminExternalModels],
      ["PUT", paths.api.adminExternalModel(model)],
      ["DELETE", paths.api.adminExternalModel(model)],
      ["POST", paths.api.adminExternalTry(model)],
    ] as const) {
      const body = method === "GET" ? {} : { body: {} };
      expect((await ask(place, { method, ...body })).status, `${method} ${place}`).toBe(401);
      // Workers are no keepers.
      expect((await ask(place, { method, ...body, headers: SHARED })).status).toBe(401);
    }
  });

  test("cannot delete a key that a model uses", async () => {
    const { keys } = await view(paths.api.adminProviders);
    const path = paths.api.adminProviderKey(keys[0]?.id ?? "");
    const { status, text } = await asKeeper(path, { method: "DELETE" });
    expect([status, codeOf(text).message]).toEqual([409, expect.stringContaining("claude")]);
  });

  test("hear from a trial why a model does not answer", async () => {
    const { models } = await view(paths.api.adminProviders);
    const path = paths.api.adminExternalTry(models[0]?.id ?? "");
    const none = await asKeeper(path, { method: "POST" });
    expect([none.status, codeOf(none.text).message]).toEqual([
      503,
      expect.stringContaining("No worker offers claude yet"),
    ]);
    const problem = { kind: "faulty", message: "The reason of its worker." };
    const told = await ask(paths.api.workerExternalModels, {
      ...{ method: "POST", headers: SHARED, body: { problems: [{ name: "claude", problem }] } },
    });
    expect(told.status).toBe(204);
    const why = await asKeeper(path, { method: "POST" });
    expect(codeOf(why.text).message).toBe("The reason of its worker.");
    const { models: after } = await view(paths.api.adminProviders);
    expect(after[0]).toMatchObject({ state: "faulty", problem: "The reason of its worker." });
  });

  test("get an answer once a worker offers the model", async () => {
    const worker = await api.addWorker({ models: ["mock/echo"] });
    const body = { entry: { ...ENTRY, name: "mock/echo" } };
    const { models } = await view(paths.api.adminExternalModels, { method: "POST", body });
    const model = models.find((it) => it.entry.name === "mock/echo");
    expect(model?.state).toBe("offered");
    const path = paths.api.adminExternalTry(model?.id ?? "");
    const { status, text } = await asKeeper(path, { method: "POST" });
    expect([status, JSON.parse(text)]).toEqual([
      200,
      { text: expect.stringContaining("hello"), durationMs: expect.any(Number) },
    ]);
    await worker.close();
    await asKeeper(paths.api.adminExternalModel(model?.id ?? ""), { method: "DELETE" });
  });
});

describe("workers", () => {
  test("with the shared secret get models and keys, kept by nobody on the way", async () => {
    const { status, text, headers } = await fetchModels();
    expect(status).toBe(200);
    expect(handedModelsSchema.parse(JSON.parse(text)).models).toMatchObject([
      { name: "claude", credentials: { key: NEXT_KEY }, entry: { contextLength: 200_000 } },
    ]);
    expect(headers.get("cache-control")).toBe("no-store");
    const tag = headers.get("etag") ?? "";
    const again = await fetchModels({ ...SHARED, "if-none-match": tag });
    expect([again.status, again.text]).toEqual([304, ""]);
  });

  test("with a token of their own get nothing, unless it was made for that", async () => {
    const lent = await createWorkerToken(api.database.db, "a lent machine");
    const { status, text } = await fetchModels(bearer(lent.token));
    expect([status, codeOf(text).message]).toEqual([
      403,
      expect.stringContaining("--provider-keys"),
    ]);
    expect(text).not.toContain("marmalade");
    const told = await ask(paths.api.workerExternalModels, {
      ...{ method: "POST", headers: bearer(lent.token), body: { problems: [] } },
    });
    expect(told.status).toBe(403);
    const own = await createWorkerToken(api.database.db, "ours", { readsProviderKeys: true });
    expect(own.view.readsProviderKeys).toBe(true);
    expect((await fetchModels(bearer(own.token))).text).toContain(NEXT_KEY);
    for (const headers of [{}, bearer("wrong-secret-of-somebody"), { cookie }]) {
      const refused = await fetchModels(headers as Record<string, string>);
      expect([refused.status, refused.text]).toEqual([401, expect.not.stringContaining(NEXT_KEY)]);
    }
  });

  test.each([
    ["plain http through a proxy", { "x-forwarded-for": "203.0.113.5" }, false],
    [
      "a proxy that says http",
      { "x-forwarded-for": "203.0.113.5", "x-forwarded-proto": "http" },
      false,
    ],
    ["https", { "x-forwarded-for": "203.0.113.5", "x-forwarded-proto": "https" }, true],
    ["this machine", {}, true],
  ])("get a key by %s as it should be", async (_way, headers, isHanded) => {
    const { status, text } = await fetchModels({ ...SHARED, ...headers });
    expect(status).toBe(200);
    expect(text.includes(NEXT_KEY)).toBe(isHanded);
    const [model] = handedModelsSchema.parse(JSON.parse(text)).models;
    expect(model?.problem?.kind).toBe(isHanded ? undefined : "key-withheld");
  });
});

test("no line of the log holds any of it", () => {
  const paths = lines.filter((line) => line.includes("external-models"));
  expect(paths.length).toBeGreaterThan(5);
  for (const line of lines) {
    for (const secret of ["marmalade", "a secret of the tests"]) expect(line).not.toContain(secret);
  }
});
