/**
 * Goal: pages of listed origins can call the API from a browser and pages of others can not, on every path
 * and whatever the answer. Method: requests as browsers send them, against the real routes.
 */
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";

const LISTED = "https://app.example.com";
vi.hoisted(() => {
  process.env.PARLEY_WORKER_SECRET = "a secret of the tests";
  process.env.PARLEY_API_KEY = "api-key-of-the-tests";
  process.env.PARLEY_CORS_ORIGINS = " https://app.example.com/ , http://localhost:5173";
});

import { type ApiServer, startApiServer } from "./__fixtures__/api-server";

let api: ApiServer;
beforeAll(async () => {
  api = await startApiServer();
  await api.addWorker({ models: ["mock/echo"] });
});
afterAll(() => api.close());

const PATHS = [
  ...["/v1/chat/completions", "/v1/completions", "/v1/embeddings", "/v1/models", "/v1/messages"],
  ...["/v1/moderations", "/v1/nothing-of-the-kind", "/api/v1/token_check", "/tokenize"],
  ...["/detokenize", "/tokenizer_info"],
];
const ASKED = "authorization,content-type,x-stainless-lang,x-parley-timeout-ms";

function preflight(path: string, origin: string, more: Record<string, string> = {}) {
  return fetch(`${api.url}${path}`, {
    method: "OPTIONS",
    headers: {
      ...{ origin, "access-control-request-method": "POST" },
      ...{ "access-control-request-headers": ASKED, ...more },
    },
  });
}

function ask(origin: string, more: { path?: string; body?: object; key?: string } = {}) {
  const { path = "/v1/chat/completions", key = "api-key-of-the-tests" } = more;
  const messages = [{ role: "user", content: "one two" }];
  return fetch(`${api.url}${path}`, {
    method: "POST",
    headers: { origin, authorization: `Bearer ${key}`, "content-type": "application/json" },
    body: JSON.stringify({ model: "mock/echo", messages, ...more.body }),
  });
}

describe("a browser that asks beforehand", () => {
  test.each(PATHS)("is told on %s", async (path) => {
    const reply = await preflight(path, LISTED);
    expect(reply.status).toBe(204);
    expect(Object.fromEntries(reply.headers)).toMatchObject({
      "access-control-allow-origin": LISTED,
      "access-control-allow-methods": expect.stringContaining("POST"),
      "access-control-allow-headers": ASKED,
      "access-control-max-age": "7200",
      vary: "Origin",
    });
    expect(reply.headers.has("access-control-allow-credentials")).toBe(false);
    expect(await reply.text()).toBe("");
  });

  test("hears nothing for an origin that is not listed, be it ever so like one", async () => {
    const others = [
      ...["https://evil.example", "https://app.example.com.evil.example", "null"],
      ...["http://app.example.com", "https://app.example.com:8443", "https://APP.example.com", "*"],
    ];
    for (const origin of others) {
      const reply = await preflight("/v1/chat/completions", origin);
      const names = [...reply.headers.keys()];
      expect(names.filter((it) => it.startsWith("access-control"))).toEqual([]);
      expect([origin, reply.status, reply.headers.get("vary")]).toEqual([origin, 204, "Origin"]);
    }
  });

  test("is asked apart about the visitor's own network, and gets no header that is none", async () => {
    const local = { "access-control-request-private-network": "true" };
    const reply = await preflight("/v1/models", "http://localhost:5173", local);
    expect(reply.headers.get("access-control-allow-private-network")).toBe("true");
    for (const names of ["a b", "a;b", "x".repeat(3_000), "a,"]) {
      const odd = { "access-control-request-headers": names };
      const refused = await preflight("/v1/models", LISTED, odd);
      expect([names, refused.headers.get("access-control-allow-headers")]).toEqual([names, null]);
    }
  });
});

describe("an answer", () => {
  test("may be read by a listed page, whole, streamed or refused, headers included", async () => {
    for (const [more, status] of [
      [{}, 200],
      [{ body: { stream: true } }, 200],
      [{ body: { temperature: "hot" } }, 400],
      [{ key: "wrong" }, 401],
      [{ path: "/v1/nothing" }, 404],
      [{ path: "/v1/models" }, 405],
    ] as const) {
      const reply = await ask(LISTED, more);
      expect([more, reply.status]).toEqual([more, status]);
      expect(reply.headers.get("access-control-allow-origin")).toBe(LISTED);
      expect(reply.headers.get("vary")).toBe("Origin");
      const exposed = reply.headers.get("access-control-expose-headers")?.split(", ");
      const ours = ["x-request-id", "retry-after", "x-ratelimit-remaining-tokens"];
      expect(exposed).toEqual(expect.arrayContaining([...ours, "x-parley-model"]));
      await reply.body?.cancel();
    }
  });

  test("may be read by no other page, and by any program", async () => {
    const reply = await ask("https://evil.example");
    // A key is a key; what the page may read of the answer is for its browser to keep to.
    expect(reply.status).toBe(200);
    expect(reply.headers.has("access-control-allow-origin")).toBe(false);
    await reply.body?.cancel();
    const program = await fetch(`${api.url}/v1/models`, {
      headers: { authorization: "Bearer api-key-of-the-tests" },
    });
    expect([program.status, program.headers.get("vary")]).toEqual([200, "Origin"]);
  });

  test("of another kind than the API's is none of this", async () => {
    for (const path of ["/healthz", "/api/session", "/api/workers"]) {
      const reply = await fetch(`${api.url}${path}`, { headers: { origin: LISTED } });
      expect([path, reply.headers.has("access-control-allow-origin")]).toEqual([path, false]);
      await reply.body?.cancel();
    }
  });
});

describe("a request's id", () => {
  const idOf = async (given: string) => {
    const reply = await fetch(`${api.url}/v1/models`, { headers: { "x-request-id": given } });
    await reply.body?.cancel();
    return reply.headers.get("x-request-id");
  };

  test("is kept as it came where it may stand in a header and a log, and made anew elsewhere", async () => {
    for (const good of ["abc-1.2_Z", "x".repeat(128)]) expect(await idOf(good)).toBe(good);
    for (const bad of ["x".repeat(129), "a b", "a,b", "<script>", "a=b;c", "\u00e9", '"', ""]) {
      const made = await idOf(bad);
      expect([bad, made]).toEqual([bad, expect.stringMatching(/^[0-9a-f-]{36}$/)]);
    }
  });
});
