/**
 * Goal: whatever is asked, refused or fails, the log holds ids and numbers, and nothing that was said nor
 * anything that opens a door. Method: a run of all kinds of requests, every line of the process's own
 * logger at its most talkative, and a search for what was put in.
 */
import { afterAll, beforeAll, expect, test, vi } from "vitest";

const { lines } = vi.hoisted(() => {
  process.env.LOG_LEVEL = "trace";
  process.env.PARLEY_WORKER_SECRET = "a secret of the tests";
  process.env.PARLEY_API_KEY = "api-key-of-the-tests";
  process.env.PARLEY_ADMIN_TOKEN = "admin-token-of-the-tests";
  process.env.PARLEY_FASTCHAT_TOKEN = "fastchat-token-of-the-tests";
  process.env.PARLEY_SECRET = "cookie-secret-of-the-tests";
  return { lines: [] as string[] };
});
vi.mock("@/lib/telemetry/line-writer", () => ({
  writeLinesToStdout: () => ({
    write: (line: string) => void lines.push(line),
    flushSync: () => {},
  }),
}));

import { createKey } from "@/lib/auth/key-store";
import { AppError } from "@/lib/errors";
import { createKeyBodySchema } from "@/lib/protocol/key-view";
import { log } from "@/lib/telemetry/log";
import { createMockBackend } from "@/worker/backends/mock";
import { type ApiServer, startApiServer } from "./__fixtures__/api-server";

const WORDS = "quixotic marmalade";
/** Each stands in some request below; none may stand in a line. */
const SECRETS = [
  ...["quixotic", "marmalade", "api-key-of-the-tests", "a secret of the tests"],
  ...["admin-token-of-the-tests", "fastchat-token-of-the-tests", "cookie-secret-of-the-tests"],
  ...["wrong-key-of-somebody", "query-of-somebody", "cookie-of-somebody", "path-token-of-somebody"],
  ...["model-word-of-somebody", "field-of-somebody", "tool-of-somebody", "schema-of-somebody"],
];

let api: ApiServer;
let key = "";
let prefix = "";

beforeAll(async () => {
  api = await startApiServer();
  const made = await createKey(api.database.db, createKeyBodySchema.parse({ name: "of a test" }));
  key = made.key;
  prefix = key.slice(0, 8);
  await api.addWorker({
    models: ["mock/echo", "mock/slow", "mock/reader", "mock/fails-after-3-tokens", "mock/rejects"],
    log,
  });
  const backend = createMockBackend({ models: ["mock/random"], slots: 1, tokenMs: 1 });
  backend.generate = () => {
    throw new Error(`bug at a prompt`, { cause: new AppError("internal", { message: "A bug." }) });
  };
  await api.addWorker({ backend, log });
});
afterAll(() => api.close());

type Asking = { headers?: Record<string, string>; query?: string; signal?: AbortSignal };

async function post(
  path: string,
  body: unknown,
  { headers = {}, query = "", signal }: Asking = {},
) {
  const reply = await fetch(`${api.url}${path}${query}`, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${key}`, ...headers },
    body: typeof body === "string" ? body : JSON.stringify(body),
    ...(signal && { signal }),
  });
  return { reply, text: signal ? "" : await reply.text() };
}

const chat = (model: string, more: object = {}) => ({
  ...{ model, messages: [{ role: "user", content: WORDS }] },
  ...more,
});
const CHAT = "/v1/chat/completions";

/** All kinds of requests, well and badly made. */
async function run(): Promise<void> {
  await post(CHAT, chat("mock/echo"), { headers: { "x-request-id": "request-of-a-test" } });
  await post(CHAT, chat("mock/echo", { stream: true, user: "field-of-somebody" }));
  await post("/v1/responses", { model: "mock/echo", input: WORDS, store: true });
  await post("/v1/messages", { ...chat("mock/echo"), max_tokens: 9 });
  await post("/v1/completions", { model: "mock/echo", prompt: WORDS });
  await post("/v1/embeddings", { model: "mock/reader", input: [WORDS, WORDS] });
  await post("/tokenize", { model: "mock/echo", prompt: WORDS });
  await post(CHAT, chat("mock/fails-after-3-tokens", { stream: true }));
  await post(CHAT, chat("mock/rejects"));
  await post(CHAT, chat("mock/random"));
  await post(CHAT, chat("model-word-of-somebody"));
  await post(CHAT, chat("mock/echo", { "field-of-somebody": WORDS }));
  await post(
    CHAT,
    chat("mock/echo", {
      tools: [
        {
          type: "function",
          function: { name: "tool-of-somebody", parameters: { type: "schema-of-somebody" } },
        },
      ],
    }),
  );
  await post(CHAT, `{"model": "mock/echo", "${WORDS}`);
  await post(CHAT, chat("mock/echo"), {
    headers: { authorization: "Bearer wrong-key-of-somebody" },
  });
  await post(CHAT, chat("mock/echo"), { headers: { "x-api-key": "wrong-key-of-somebody" } });
  await post(CHAT, chat("mock/echo"), {
    headers: { authorization: "Bearer api-key-of-the-tests", cookie: "visitor=cookie-of-somebody" },
    query: "?key=query-of-somebody",
  });
  await post("/api/session", { token: "admin-token-of-the-tests" });
  await post("/api/session", { token: "wrong-key-of-somebody" });
  await post(
    "/api/workers",
    { instanceId: WORDS },
    { headers: { authorization: "Bearer a secret of the tests" } },
  );
  for (const token of ["fastchat-token-of-the-tests", "path-token-of-somebody"]) {
    await post(`/controller/${token}/list_models`, {});
    await post(`/controller/${token}/receive_heart_beat`, { worker_name: WORDS, queue_length: 0 });
  }
  const leaving = new AbortController();
  const long = chat("mock/slow", { stream: true, max_tokens: 500 });
  const { reply } = await post(CHAT, long, { signal: leaving.signal });
  await reply.body?.getReader().read();
  leaving.abort();
}

type Line = Record<string, unknown> & { msg?: string };
const parsed = () => lines.map((it) => JSON.parse(it) as Line);

test("no line of the log holds what was said, a key, a token or a cookie", async () => {
  await run();
  const cut = () => parsed().filter((it) => it.outcome === "aborted" || it.stream === "cancelled");
  await vi.waitFor(() => expect(cut().length).toBeGreaterThan(0), { timeout: 10_000 });
  expect(lines.length).toBeGreaterThan(60);
  const found = SECRETS.flatMap((it) => lines.filter((line) => line.includes(it)));
  expect(found).toEqual([]);
  expect(lines.filter((line) => line.includes(key))).toEqual([]);
});

test("one request has one line here and one at its worker, of the same id, with what it came to", () => {
  const own = parsed().filter((it) => it.requestId === "request-of-a-test" && it.msg === "request");
  const [worker, web] = [
    own.find((it) => it.path === "/generate"),
    own.find((it) => it.path === CHAT),
  ];
  expect(own).toHaveLength(2);
  expect(web).toMatchObject({
    ...{ method: "POST", status: 200, endpoint: CHAT, asked: "mock/echo", model: "mock/echo" },
    ...{ owner: expect.stringMatching(/^key:/), outcome: "complete", attempts: 1, resumptions: 0 },
    ...{ answerId: expect.any(String), workerId: expect.any(String) },
    ...{ promptTokens: expect.any(Number), completionTokens: expect.any(Number) },
    ...{
      queuedMs: expect.any(Number),
      firstTokenMs: expect.any(Number),
      durationMs: expect.any(Number),
    },
  });
  expect(String(web?.key)).toContain(prefix.slice(0, 4));
  expect(worker).toMatchObject({
    ...{ model: "mock/echo", outcome: "done", finishReason: "stop", queuedMs: expect.any(Number) },
    ...{ promptTokens: web?.promptTokens, completionTokens: web?.completionTokens },
  });
});

test("calls that read texts bear the request's id, too", () => {
  const ids = (path: string) =>
    parsed()
      .filter((it) => it.path === path && it.status === 200)
      .map((it) => it.requestId);
  expect(ids("/embed").length).toBeGreaterThan(0);
  expect(ids("/tokenize").length).toBeGreaterThan(0);
  expect([...ids("/embed"), ...ids("/tokenize")].every((it) => typeof it === "string")).toBe(true);
});
