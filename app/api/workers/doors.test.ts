/**
 * Goal: the doors for workers, keepers and probes open to whom they should, and their bodies are held to
 * the protocol. Method: the handlers over HTTP on a real database.
 */
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from "vitest";

vi.hoisted(() => {
  process.env.PARLEY_SECRET = "secret-of-the-tests";
  process.env.PARLEY_WORKER_SECRET = "a secret of the tests";
  process.env.PARLEY_ADMIN_TOKEN = "admin-token-of-the-tests";
});

import { type ApiServer, startApiServer } from "@/app/v1/__fixtures__/api-server";
import { createWorkerToken, revokeWorkerToken } from "@/lib/auth/worker-token-store";
import { paths } from "@/lib/paths";
import { adminWorkersSchema, errorReplySchema } from "@/lib/protocol/arena-view";
import {
  heartbeatReplySchema,
  type RegisterBody,
  registerReplySchema,
} from "@/lib/protocol/registration";
import { createId } from "@/lib/util/id";
import { createMockBackend } from "@/worker/backends/mock";
import { startTestWorker } from "@/worker/server-testing";

let api: ApiServer;
beforeAll(async () => {
  api = await startApiServer();
});
afterAll(() => api.close());

const HELLO = { role: "user", content: "one two" };
const SECRET = { authorization: "Bearer a secret of the tests" };

type Headings = Record<string, string>;

function call(path: string, method: string, body?: unknown, headers: Headings = SECRET) {
  if (body === undefined) return fetch(`${api.url}${path}`, { method, headers });
  const sent = { "content-type": "application/json", ...headers };
  return fetch(`${api.url}${path}`, { method, headers: sent, body: JSON.stringify(body) });
}

async function errorOf(reply: Response) {
  return errorReplySchema.parse(await reply.json()).error;
}

describe("a worker's life", () => {
  test("is register, beat and leave; whoever is forgotten is told to register again", async () => {
    const worker = await api.addWorker({ models: ["mock/echo"] });
    const views = await api.controller.listWorkers();
    expect(views).toHaveLength(1);
    const instanceId = createId();
    const stranger = { instanceId, load: worker.server.load() };
    const beat = await call(paths.api.workerHeartbeat(worker.workerId), "POST", stranger);
    expect((await errorOf(beat)).message).toContain("register again");
    const left = await call(paths.api.worker(worker.workerId, worker.instanceId), "DELETE");
    expect(left.status).toBe(204);
    expect(await api.controller.listWorkers()).toEqual([]);
    expect((await call(paths.api.worker(createId(), createId()), "DELETE")).status).toBe(404);
  });

  test("has its beats answered with the interval", async () => {
    const load = {
      state: "ready" as const,
      running: 0,
      waiting: 0,
      counters: { requests: 0, failures: 0, promptTokens: 0, completionTokens: 0 },
    };
    const body: RegisterBody = {
      instanceId: createId(),
      address: "http://127.0.0.1:9",
      card: {
        kind: "mock",
        name: "w",
        version: "1",
        slots: 1,
        waitingMax: 0,
        models: [
          {
            name: "m",
            build: "b",
            contextLength: 8,
            features: ["chat"],
            description: { skills: [], examplePrompts: [] },
          },
        ],
      },
      load,
    };
    const { workerId } = (await (await call(paths.api.workers, "POST", body)).json()) as {
      workerId: string;
    };
    const { instanceId } = body;
    const beat = await call(paths.api.workerHeartbeat(workerId), "POST", { instanceId, load });
    expect(heartbeatReplySchema.parse(await beat.json()).heartbeatIntervalMs).toBe(5_000);
    const broken = { ...body, card: { ...body.card, slots: 0 } };
    const refused = await call(paths.api.workers, "POST", broken);
    expect(refused.status).toBe(400);
    expect(await errorOf(refused)).toMatchObject({ param: "card.slots" });
  });

  test.each<[string, Record<string, string>]>([
    ["without a secret", {}],
    ["with a wrong one", { authorization: "Bearer wrong" }],
    ["with an admin's cookie", { cookie: "parley_admin=x" }],
  ])("is closed %s", async (_name, headers) => {
    for (const [path, method] of [
      [paths.api.workers, "POST"],
      [paths.api.worker(createId(), createId()), "DELETE"],
      [paths.api.workerHeartbeat(createId()), "POST"],
    ] as const) {
      const reply = await call(path, method, {}, headers);
      expect(reply.status).toBe(401);
      expect((await errorOf(reply)).code).toBe("unauthenticated");
    }
  });
});

describe("a token of a worker's own", () => {
  const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

  /** A worker that knows its token and nothing else, registered as the worker program does it. */
  async function join(token: string, model = "mock/echo") {
    const backend = createMockBackend({ models: [model], slots: 2 });
    const worker = await startTestWorker({ backend, secret: undefined });
    const { instanceId } = worker.server;
    const card = { ...backend.card(), name: "own", version: "0", waitingMax: 4 };
    const body = { instanceId, address: worker.address, card, load: worker.server.load() };
    const reply = await call(paths.api.workers, "POST", body, bearer(token));
    if (!reply.ok) throw new Error(await reply.text());
    const { workerId, callSecret } = registerReplySchema.parse(await reply.json());
    worker.server.accept(callSecret ?? "");
    return { ...worker, workerId, instanceId, body, callSecret };
  }

  const complete = (model: string) =>
    call(paths.v1.chatCompletions, "POST", { model, messages: [HELLO], max_tokens: 2 }, {});

  test("lets its workers in and is answered through, and nobody else's out", async () => {
    const { token } = await createWorkerToken(api.database.db, "rack 1");
    const other = await createWorkerToken(api.database.db, "rack 2");
    const worker = await join(token);
    onTestFinished(() => worker.close());
    expect(worker.callSecret).not.toContain(token);
    expect((await complete("mock/echo")).status).toBe(200);

    const { workerId, instanceId, body } = worker;
    const beat = { instanceId, load: worker.server.load() };
    const path = paths.api.workerHeartbeat(workerId);
    const heard = await call(path, "POST", beat, bearer(token));
    expect(heartbeatReplySchema.parse(await heard.json()).callSecret).toBe(worker.callSecret);
    // Neither beat, nor farewell, nor registration is another token's to give.
    expect((await call(path, "POST", beat, bearer(other.token))).status).toBe(404);
    const leave = paths.api.worker(workerId, instanceId);
    expect((await call(leave, "DELETE", undefined, bearer(other.token))).status).toBe(404);
    expect((await call(paths.api.workers, "POST", body, bearer(other.token))).status).toBe(409);
    const thief = { ...body, instanceId: createId() };
    expect((await call(paths.api.workers, "POST", thief, bearer(other.token))).status).toBe(503);
    expect((await complete("mock/echo")).status).toBe(200);
    expect((await call(paths.api.worker(workerId, createId()), "DELETE")).status).toBe(404);
    expect((await call(leave, "DELETE", undefined, bearer(token))).status).toBe(204);
  });

  test("that is revoked takes its workers with it at once", async () => {
    const { token, view } = await createWorkerToken(api.database.db, "rack 3");
    const worker = await join(token, "mock/long");
    onTestFinished(() => worker.close());
    expect((await complete("mock/long")).status).toBe(200);
    await revokeWorkerToken(api.database.db, view.id);
    const beat = { instanceId: worker.instanceId, load: worker.server.load() };
    const path = paths.api.workerHeartbeat(worker.workerId);
    await expect.poll(async () => (await call(path, "POST", beat, bearer(token))).status).toBe(401);
    await expect.poll(async () => (await complete("mock/long")).status).toBe(503);
    expect((await call(paths.api.workers, "POST", worker.body, bearer(token))).status).toBe(401);
  });

  test("opens nothing but the doors of workers", async () => {
    const { token } = await createWorkerToken(api.database.db, "rack 4");
    expect((await call(paths.api.adminWorkers, "GET", undefined, bearer(token))).status).toBe(401);
    const proxied = { ...bearer(token), "x-forwarded-for": "203.0.113.7" };
    expect((await call(paths.metrics, "GET", undefined, proxied)).status).toBe(401);
  });
});

describe("a keeper", () => {
  test("opens a session with the token, sees the workers, and closes it", async () => {
    const wrong = await call(paths.api.session, "POST", { token: "wrong-token-wrong" }, {});
    expect(wrong.status).toBe(401);
    expect(wrong.headers.get("set-cookie")).toBeNull();
    const opened = await call(paths.api.session, "POST", { token: "admin-token-of-the-tests" }, {});
    expect(opened.status).toBe(204);
    const cookie = opened.headers.get("set-cookie")?.split(";")[0] ?? "";
    const workers = await call(paths.api.adminWorkers, "GET", undefined, { cookie });
    expect(adminWorkersSchema.parse(await workers.json()).staleAfterMs).toBe(10_000);
    const state = await call(paths.api.session, "GET", undefined, { cookie });
    expect(await state.json()).toEqual({ open: true });
    const closed = await call(paths.api.session, "DELETE", undefined, { cookie });
    expect(closed.headers.get("set-cookie")).toContain("Max-Age=0");
    expect((await call(paths.api.adminWorkers, "GET", undefined, {})).status).toBe(401);
  });

  test("is not let in from another site's page, nor by a form", async () => {
    const body = { token: "admin-token-of-the-tests" };
    const other = await call(paths.api.session, "POST", body, { origin: "https://evil.example" });
    expect(other.status).toBe(403);
    const form = await fetch(`${api.url}${paths.api.session}`, {
      method: "POST",
      body: new URLSearchParams(body),
    });
    expect(form.status).toBe(415);
  });
});

describe("a probe", () => {
  test("hears that the process lives", async () => {
    expect(await (await fetch(`${api.url}${paths.healthz}`)).json()).toEqual({ status: "ok" });
  });

  test("reads the metrics on this machine, and through a proxy only with the secret", async () => {
    const local = await fetch(`${api.url}${paths.metrics}`);
    expect(local.headers.get("content-type")).toContain("text/plain");
    expect(await local.text()).toContain("parley_http_request_duration_seconds");
    const proxied = { "x-forwarded-for": "203.0.113.7" };
    expect((await call(paths.metrics, "GET", undefined, proxied)).status).toBe(401);
    expect((await call(paths.metrics, "GET", undefined, { ...proxied, ...SECRET })).status).toBe(
      200,
    );
  });
});
