/**
 * Goal: a process that has to stop leaves no reader without a reason, and no worker at work for nobody.
 * Method: a real registry and a real worker server with the mock backend; one answer under way, one that waits.
 */
import { afterAll, beforeAll, expect, test, vi } from "vitest";

vi.hoisted(() => {
  process.env.PARLEY_WORKER_SECRET = "a secret of the tests";
});

import { ANONYMOUS_CALLER } from "@/lib/auth/api-caller";
import { Controller } from "@/lib/controller/controller";
import { createTestDatabase, type TestDatabase } from "@/lib/db/testing";
import { Meter } from "@/lib/usage/meter";
import { Stop } from "@/lib/util/stop";
import { createMockBackend } from "@/worker/backends/mock";
import { startTestWorker, type TestWorker, testRequest } from "@/worker/server-testing";
import { pinTo } from "./candidate";
import { generate } from "./generate";
import { RunningGenerations, runningGenerations } from "./running-generations";

const MODEL = "mock/long";
let database: TestDatabase;
let controller: Controller;
let worker: TestWorker;

beforeAll(async () => {
  database = await createTestDatabase();
  controller = new Controller({ db: database.db });
  const backend = createMockBackend({ models: [MODEL], slots: 1, tokenMs: 20 });
  worker = await startTestWorker({ backend, waitingMax: 4 });
  const card = { ...backend.card(), name: "test", version: "0", waitingMax: 4 };
  const { server, address } = worker;
  await controller.register({
    ...{ instanceId: server.instanceId, address, card, load: server.load() },
  });
});
afterAll(async () => {
  await worker.close();
  await database.drop();
});

const ask = () => {
  const caller = { caller: ANONYMOUS_CALLER, endpoint: "test" as const, asked: MODEL };
  const meter = new Meter({ ...caller, requestId: "request" });
  const request = testRequest(MODEL);
  return generate({ controller, request, meter, signal: new Stop(), pinned: pinTo(MODEL) });
};

test("a process that generates nothing stops at once", async () => {
  const none = new RunningGenerations();
  await expect(none.stop()).resolves.toBeUndefined();
});

test("what runs ends with the reason behind its text, what waits and what comes is refused with it", async () => {
  const { events } = await ask();
  const waiting = ask().then(
    () => "answered",
    (error: unknown) => error,
  );
  await vi.waitFor(() => expect(worker.server.load()).toMatchObject({ running: 1, waiting: 1 }));
  expect(runningGenerations().size).toBe(2);

  const seen: string[] = [];
  let stopped: Promise<void> | undefined;
  for await (const event of events) {
    seen.push(event.type === "generation-error" ? `${event.code}: ${event.message}` : event.type);
    if (event.type === "text-delta") stopped ??= runningGenerations().stop();
  }
  await stopped;
  expect(seen).toContain("text-delta");
  expect(seen.at(-1)).toMatch(/^unavailable: This server is being stopped/);
  const refused = { code: "unavailable", status: 503, retryAfterSeconds: 5 };
  expect(await waiting).toMatchObject(refused);
  await expect(ask()).rejects.toMatchObject(refused);
  expect(runningGenerations().size).toBe(0);
  await vi.waitFor(() => {
    expect(worker.server.load()).toMatchObject({ running: 0, waiting: 0 });
    expect(controller.inFlight()).toBe(0);
  });
});
