/**
 * Goal: whoever answers without Next answers as Next would, since the handlers are the same. Method: the
 * same requests to the platform, whose front answers, and to `next start` over the same build and the same
 * database, where Next's own router does.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "@playwright/test";
import { freePort, ROOT, sharedPlatform } from "./platform";

const START_MS_MAX = 60_000;

let next: ChildProcess;
let nextUrl: string;

test.beforeAll(async () => {
  const { databaseUrl, dataDir, adminToken } = sharedPlatform();
  const { cookieSecret, workerSecret } = JSON.parse(
    readFileSync(join(dataDir, "secrets.json"), "utf8"),
  );
  const port = await freePort();
  nextUrl = `http://127.0.0.1:${port}`;
  const program = join(ROOT, "node_modules/next/dist/bin/next");
  next = spawn(process.execPath, [program, "start", "-H", "127.0.0.1", "-p", String(port)], {
    cwd: ROOT,
    stdio: "ignore",
    env: {
      ...process.env,
      ...{ DATABASE_URL: databaseUrl, PARLEY_DATA_DIR: dataDir, PARLEY_ADMIN_TOKEN: adminToken },
      ...{ PARLEY_SECRET: cookieSecret, PARLEY_WORKER_SECRET: workerSecret, PORT: String(port) },
      // Next writes a proxy's headers on every request, so that here none is of this machine alone.
      PARLEY_API_OPEN: "true",
    },
  });
  const untilMs = performance.now() + START_MS_MAX;
  for (;;) {
    const reply = await fetch(`${nextUrl}/readyz`).catch(() => undefined);
    if (reply?.ok) break;
    if (performance.now() > untilMs) throw new Error("`next start` was not ready in time.");
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
});

test.afterAll(async () => {
  const exited = new Promise((resolve) => next.once("exit", resolve));
  next.kill("SIGTERM");
  await exited;
});

type Sent = { method?: string; headers?: Record<string, string>; body?: string };

/** What a client goes by; dates, ids of requests and how bodies are cut are each answer's own. */
const HEADERS = [
  ...["content-type", "cache-control", "allow", "retry-after", "www-authenticate", "location"],
  ...["x-parley-model", "x-should-retry", "access-control-allow-origin", "etag"],
  ...["content-security-policy", "x-content-type-options", "referrer-policy"],
];

/** Ids, times and seeds, which no two answers share. */
function withoutChance(text: string): string {
  return text
    .replace(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g, "<uuid>")
    .replace(/(chatcmpl|cmpl|resp|msg|req|rerank|modr)[-_][0-9a-zA-Z_-]{8,}/g, "$1-<id>")
    .replace(/"(created|created_at|completed_at|load|uptime\w*)": ?[\d.]+/g, '"$1":0');
}

async function ask(origin: string, path: string, { method = "GET", headers, body }: Sent) {
  const reply = await fetch(origin + path, {
    ...{ method, redirect: "manual" },
    // Next packs an answer by itself, under the name that it had.
    headers: { "accept-encoding": "identity", ...headers },
    ...(body !== undefined && { body }),
  });
  const told = HEADERS.map((name) => [name, reply.headers.get(name)]);
  return {
    status: reply.status,
    headers: Object.fromEntries(told),
    hasRequestId: reply.headers.has("x-request-id"),
    body: withoutChance(await reply.text()),
  };
}

const json = (body: unknown, method = "POST"): Sent => ({
  method,
  headers: { "content-type": "application/json" },
  body: JSON.stringify(body),
});
const MODEL = "pico-m";
const messages = [{ role: "user", content: "Hello." }];
const greedy = { model: MODEL, messages, temperature: 0, seed: 1, max_tokens: 8 };

/** OPTIONS is left out: Next names among a path's methods those that it only has to refuse them. */
const CASES: [string, string, Sent?][] = [
  ["a good request", "/v1/chat/completions", json(greedy)],
  ["a stream", "/v1/chat/completions", json({ ...greedy, stream: true })],
  ["a trailing slash", "/v1/chat/completions/", json(greedy)],
  ["another wire", "/v1/messages", json(greedy)],
  ["a wrong field", "/v1/chat/completions", json({ ...greedy, foo: 1 })],
  ["an unknown model", "/v1/chat/completions", json({ ...greedy, model: "none" })],
  ["no JSON", "/v1/chat/completions", { ...json({}), body: "{" }],
  ["another type of body", "/v1/embeddings", { method: "POST", body: "x" }],
  ["a body that is too large", "/v1/embeddings", json({ model: MODEL, input: "x".repeat(9e6) })],
  ["a wrong method", "/v1/chat/completions"],
  ["another wrong method", "/v1/models", { method: "DELETE" }],
  ["a list", "/v1/models"],
  ["one of it, encoded", `/v1/models/${encodeURIComponent(MODEL)}`],
  ["one with an encoded slash", "/v1/models/mock%2Fecho"],
  ["one with a slash", "/v1/models/mock/echo?x=1"],
  ["an encoded word of the path", "/v1/%6Dodels"],
  ["HEAD", "/v1/models", { method: "HEAD" }],
  ["an unknown path", "/v1/no/such/path"],
  ["an unknown path with a method", "/v1/none", json({})],
  ["the root of the API", "/v1"],
  ["the older API", "/api/v1/token_check", json({ prompts: [] })],
  ["a worker without its secret", "/api/workers", json({})],
  ["a worker's beat", "/api/workers/none/heartbeat", json({})],
  ["a page's request", "/api/leaderboard"],
  ["a page's request without its origin", "/api/conversations", json({})],
  ["a keeper's request", "/api/admin/keys"],
  ["tokens", "/tokenize", json({ model: MODEL, prompt: "Hello." })],
  ["life", "/healthz"],
];

for (const [name, path, sent = {}] of CASES) {
  test(`${name}: ${sent.method ?? "GET"} ${path}`, async () => {
    const [ours, theirs] = [
      await ask(sharedPlatform().url, path, sent),
      await ask(nextUrl, path, sent),
    ];
    expect(ours).toEqual(theirs);
  });
}
