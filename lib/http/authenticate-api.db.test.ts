/** Goal: who is let into the API, with which key and from where. Method: requests as programs and browsers send them, keys in a real database. */
import { sql } from "drizzle-orm";
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";

vi.hoisted(() => {
  process.env.PARLEY_SECRET = "secret-of-the-tests";
});

import { keyRing } from "@/lib/auth/key-ring";
import { createKey, revokeKey } from "@/lib/auth/key-store";
import { createVisitor } from "@/lib/auth/visitor";
import { ChangeFeed } from "@/lib/db/change-feed";
import { createTestDatabase, type TestDatabase } from "@/lib/db/testing";
import { env } from "@/lib/env";
import { AppError } from "@/lib/errors";
import type { ApiScope } from "@/lib/protocol/api-key";
import { createKeyBodySchema } from "@/lib/protocol/key-view";
import { processSingleton } from "@/lib/util/process-singleton";
import { authenticate } from "./authenticate";

const OWN_KEY = "key-of-the-environment";
let database: TestDatabase;
let feed: ChangeFeed;
beforeAll(async () => {
  database = await createTestDatabase();
  processSingleton("database", () => ({ db: database.db }));
  feed = processSingleton("change-feed", () => new ChangeFeed(database.url));
});
afterAll(async () => {
  await feed.close();
  await database.drop();
});

const DEFAULTS = { ...env(), PARLEY_PUBLIC_URL: undefined, PARLEY_API_KEY: undefined };
beforeEach(async () => {
  Object.assign(env(), DEFAULTS);
  await database.db.execute(sql`truncate api_keys`);
  await keyRing().refresh();
});

async function make(body: object = {}) {
  const made = await createKey(
    database.db,
    createKeyBodySchema.parse({ name: "a program", ...body }),
  );
  await keyRing().refresh();
  return made;
}

type Sent = { headers?: Record<string, string>; method?: string; scope?: ApiScope; host?: string };

/** The owner that a request is charged to, or the refusal. */
async function call({ headers = {}, method = "POST", scope = "generate", host }: Sent = {}) {
  const address = host ?? "127.0.0.1:3000";
  const request = new Request(`http://${address}/v1/chat/completions`, {
    method,
    headers: { host: address, ...headers },
  });
  try {
    const { api } = await authenticate(request, "api", scope);
    return api?.owner;
  } catch (error) {
    if (error instanceof AppError) return `${error.status} ${error.message}`;
    throw error;
  }
}

const bearer = (key: string) => ({ authorization: `Bearer ${key}` });

describe("before there is any key", () => {
  test("programs on this machine are let in, by any name that is its own", async () => {
    for (const host of ["127.0.0.1:3000", "localhost:3000", "[::1]:3000", "parley.localhost"]) {
      expect(await call({ host }), host).toBe("anonymous");
    }
    // What clients put there that insist on a key.
    for (const text of ["none", "EMPTY", "sk-no-key-required"]) {
      expect(await call({ headers: bearer(text) })).toBe("anonymous");
      expect(await call({ headers: { "x-api-key": text } })).toBe("anonymous");
    }
    for (const authorization of ["Bearer ", "Bearer", ""]) {
      expect(await call({ headers: { authorization } })).toBe("anonymous");
    }
  });

  test("a key of our form is none, and told so", async () => {
    expect(await call({ headers: bearer(`pk-parley-${"a".repeat(43)}`) })).toMatch(/^401 /);
  });

  test.each([
    ["a name that a stranger pointed here", { host: "rebound.example:3000" }],
    ["a proxy's trace", { headers: { "x-forwarded-for": "203.0.113.5" } }],
    ["a proxy's trace of another kind", { headers: { via: "1.1 proxy" } }],
    ["a host that cannot be read", { headers: { host: "local host" } }],
  ] satisfies [string, Sent][])("%s closes the door, with the remedy", async (_, sent) => {
    expect(await call(sent)).toMatch(
      /^401 .*no API key yet.*npx parley keys create.*PARLEY_API_OPEN/,
    );
  });

  test.each([
    { HOST: "0.0.0.0" },
    { HOST: "192.168.1.5" },
    { PARLEY_PUBLIC_URL: "https://arena.example" },
  ])("beyond this machine it is shut, unless %o comes with PARLEY_API_OPEN", async (settings) => {
    Object.assign(env(), settings);
    expect(await call()).toMatch(/^401 .*no API key yet/);
    expect(await call({ headers: bearer("none") })).toMatch(/^401 .*no API key yet/);
    Object.assign(env(), { PARLEY_API_OPEN: true });
    expect(await call()).toBe("anonymous");
    expect(await call({ host: "arena.example" })).toBe("anonymous");
  });
});

describe("a browser's request without a key", () => {
  const { visitorId, setCookie } = createVisitor();
  const cookie = setCookie.split(";")[0] ?? "";

  test("from our own pages is the visitor's", async () => {
    const own = { cookie, origin: "http://127.0.0.1:3000", "sec-fetch-site": "same-origin" };
    expect(await call({ headers: own })).toBe(`visitor:${visitorId}`);
    expect(await call({ headers: { cookie } })).toBe(`visitor:${visitorId}`);
    expect(await call({ headers: { cookie: `${cookie}x` } })).toBe("anonymous");
  });

  test("from another site's page is refused, and never the visitor's", async () => {
    const foreign: Record<string, string>[] = [
      { origin: "https://evil.example" },
      { origin: "null" },
      { origin: "http://127.0.0.1:8080" },
      { origin: "https://evil.example", "sec-fetch-site": "cross-site" },
      { origin: "http://localhost:8080", "sec-fetch-site": "same-site" },
      { "sec-fetch-site": "cross-site" },
    ];
    for (const headers of foreign) {
      for (const settings of [{}, { PARLEY_API_OPEN: true }]) {
        Object.assign(env(), DEFAULTS, settings);
        const refused = await call({ headers: { ...headers, cookie } });
        expect(refused, JSON.stringify(headers)).toMatch(/^403 A page of another site/);
      }
    }
    const link = { cookie, "sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate" };
    expect(await call({ headers: link, method: "GET", scope: "read" })).toBe("anonymous");
  });

  test("from a page that is allowed is nobody's in particular", async () => {
    const headers = { cookie, origin: "https://app.example", "sec-fetch-site": "cross-site" };
    Object.assign(env(), { PARLEY_CORS_ORIGINS: ["https://app.example"] });
    expect(await call({ headers })).toBe("anonymous");
    expect(await call({ headers: { ...headers, origin: "https://b.example" } })).toMatch(/^403 /);
    // `*` says who may read what they get, and opens this machine's API to nobody.
    Object.assign(env(), { PARLEY_CORS_ORIGINS: ["*"] });
    expect(await call({ headers })).toMatch(/^403 /);
    Object.assign(env(), { PARLEY_API_OPEN: true });
    expect(await call({ headers })).toBe("anonymous");
  });

  test("with a key is its holder's, wherever the page is from", async () => {
    const { key, view } = await make();
    const headers = { ...bearer(key), origin: "https://app.example", cookie };
    expect(await call({ headers })).toBe(`key:${view.id}`);
  });
});

describe("once a key was made", () => {
  test("everything needs one, by either header", async () => {
    const { key, view } = await make();
    expect(await call()).toMatch(/^401 Send an API key as `Authorization: Bearer <key>`/);
    expect(await call({ headers: bearer(key) })).toBe(`key:${view.id}`);
    expect(await call({ headers: { "x-api-key": key } })).toBe(`key:${view.id}`);
    // Clients with two headers may hold something else in the other.
    expect(await call({ headers: { ...bearer("other"), "x-api-key": key } })).toBe(
      `key:${view.id}`,
    );
    expect(await call({ headers: { authorization: `bearer   ${key}  ` } })).toBe(`key:${view.id}`);
  });

  test("what is wrong with a key is said, without the key", async () => {
    const { key, view } = await make();
    const { key: expired } = await make({ expiresAt: new Date(Date.now() + 5).toISOString() });
    const wrong = `${key.slice(0, -1)}${key.endsWith("a") ? "b" : "a"}`;
    await vi.waitFor(async () =>
      expect(await call({ headers: bearer(expired) })).toMatch(/^401 This API key expired at 20/),
    );
    for (const text of [wrong, "none", "x".repeat(8_000), key.toLowerCase(), `${key} `.repeat(2)]) {
      const said = await call({ headers: bearer(text) });
      expect(said).toMatch(/^401 This is no API key of this server/);
      expect(said).not.toContain(text.slice(0, 12));
    }
    expect(await call({ headers: { authorization: "Basic dXNlcjpwYXNz" } })).toMatch(
      /^401 The `Authorization` header is of another form/,
    );
    expect(await call({ headers: { authorization: key } })).toMatch(/^401 .*another form/);
    await revokeKey(database.db, view.id);
    await keyRing().refresh();
    expect(await call({ headers: bearer(key) })).toMatch(/^401 This API key was revoked/);
  });

  test("one whose limits only a newer version knows may try elsewhere, and is told who can help", async () => {
    const { key } = await make();
    await database.db.execute(sql`update api_keys set limits = '{"lightYears": 5}'`);
    await keyRing().refresh();
    expect(await call({ headers: bearer(key) })).toMatch(/^503 A newer version.*set them anew/);
  });

  test("the door stays shut when the last one is revoked", async () => {
    const { view } = await make();
    await revokeKey(database.db, view.id);
    await keyRing().refresh();
    expect(await call()).toMatch(/^401 Send an API key/);
    expect(await call({ headers: bearer("none") })).toMatch(/^401 /);
  });

  test("a key does what its scopes say; without one it is told which", async () => {
    const { key, view } = await make({ scopes: ["read", "texts"] });
    expect(await call({ headers: bearer(key), scope: "read" })).toBe(`key:${view.id}`);
    expect(await call({ headers: bearer(key), scope: "texts" })).toBe(`key:${view.id}`);
    expect(await call({ headers: bearer(key) })).toMatch(
      /^403 .*lacks the scope `generate`.*has: texts, read/,
    );
  });

  test("an API that is open to everyone still holds a key to what it is", async () => {
    const { key, view } = await make({ scopes: ["read"] });
    Object.assign(env(), { PARLEY_API_OPEN: true });
    expect(await call()).toBe("anonymous");
    expect(await call({ headers: bearer("none") })).toBe("anonymous");
    expect(await call({ headers: bearer(key), scope: "read" })).toBe(`key:${view.id}`);
    expect(await call({ headers: bearer(key) })).toMatch(/^403 /);
    expect(await call({ headers: bearer(`${key}x`) })).toMatch(/^401 /);
  });
});

describe("the key of the environment", () => {
  test("opens everything, and shuts the door to whoever has none", async () => {
    Object.assign(env(), { PARLEY_API_KEY: OWN_KEY });
    expect(await call({ headers: bearer(OWN_KEY) })).toBe("environment");
    expect(await call({ headers: { "x-api-key": OWN_KEY }, scope: "texts" })).toBe("environment");
    expect(await call()).toMatch(/^401 Send an API key/);
    expect(await call({ headers: bearer("none") })).toMatch(/^401 This is no API key/);
    const { key, view } = await make();
    expect(await call({ headers: bearer(key) })).toBe(`key:${view.id}`);
  });
});

test("asking with keys, known or made up, asks the database nothing", async () => {
  const { key } = await make();
  await vi.waitFor(() => expect(keyRing().peek()).toBeDefined(), { timeout: 5_000 });
  const execute = vi.spyOn(database.db, "execute");
  for (let turn = 0; turn < 100; turn++) {
    await call({ headers: bearer(key) });
    await call({ headers: bearer(`made-up-${turn}`) });
    await call();
  }
  expect(execute).not.toHaveBeenCalled();
  execute.mockRestore();
});

test("without the database a key waits, and an open door stays open", async () => {
  const { key } = await make();
  await database.db.execute(sql`truncate api_keys`);
  await keyRing().refresh();
  await feed.close();
  vi.spyOn(database.db, "execute").mockImplementation(() => {
    throw Object.assign(new Error("away"), { code: "CONNECTION_CLOSED" });
  });
  await vi.waitFor(async () => expect(await call({ headers: bearer(key) })).toMatch(/^503 /), {
    timeout: 5_000,
  });
  expect(await call()).toBe("anonymous");
  expect(await call({ headers: bearer("none") })).toBe("anonymous");
  Object.assign(env(), { PARLEY_API_KEY: OWN_KEY });
  expect(await call({ headers: bearer(OWN_KEY) })).toBe("environment");
  expect(await call()).toMatch(/^401 /);
  vi.restoreAllMocks();
});
