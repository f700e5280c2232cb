/**
 * Goal: an answer whose vLLM is killed goes to another worker of the model while nobody has read a word of it,
 * and afterwards ends with an error that leaves its text.
 * Method: a real registry, the gateway, and two real worker servers with the vllm backend before stand-ins.
 */
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from "vitest";

vi.hoisted(() => {
  process.env.PARLEY_WORKER_SECRET = "a secret of the tests";
});

import { ANONYMOUS_CALLER } from "@/lib/auth/api-caller";
import { Controller } from "@/lib/controller/controller";
import { createTestDatabase, emptyTables, type TestDatabase } from "@/lib/db/testing";
import type { GenerationEvent } from "@/lib/protocol/generate-event";
import {
  type OpenAiServer,
  type OpenAiServerOptions,
  startOpenAiServer,
} from "@/lib/stand-ins/openai-server";
import { log as realLog } from "@/lib/telemetry/log";
import { Meter } from "@/lib/usage/meter";
import { Stop } from "@/lib/util/stop";
import { createVllmBackend } from "@/worker/backends/vllm";
import { startTestWorker, testRequest } from "@/worker/server-testing";
import { pinTo } from "./candidate";
import { generate } from "./generate";

const MODEL = "org/lantern";
const log = realLog.child({}, { level: "silent" });
const ends: (() => Promise<void>)[] = [];
let database: TestDatabase;
let controller: Controller;

beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());
beforeEach(async () => {
  await emptyTables(database.db, "workers", "models");
  controller = new Controller({ db: database.db });
});
afterEach(async () => {
  await vi.waitFor(() => expect(controller.inFlight()).toBe(0));
  for (const end of ends.splice(0).reverse()) await end();
});

async function addWorker(options: Partial<OpenAiServerOptions>): Promise<OpenAiServer> {
  const models = [{ id: MODEL, contextLength: 2_048, kind: "chat" as const }];
  const engine = await startOpenAiServer({ guise: "vllm", models, ...options });
  const backend = await createVllmBackend(
    {
      ...{ server: { baseUrl: engine.baseUrl }, headers: () => ({}), models: [] },
      ...{ honours: [], lacks: [] },
    },
    { log, signal: new AbortController().signal },
  );
  const worker = await startTestWorker({ backend });
  ends.push(engine.close, () => backend.close(), worker.close);
  await controller.register({
    ...{ instanceId: worker.server.instanceId, address: worker.address },
    card: { ...backend.card(), name: "test", version: "0", waitingMax: 64 },
    load: worker.server.load(),
  });
  return engine;
}

/** Answers that it was asked for; the question what its model can comes whole. */
function answersOf({ asked }: OpenAiServer): number {
  return asked.filter(({ body }) => JSON.stringify(body ?? {}).includes('"stream":true')).length;
}

function ask() {
  const caller = ANONYMOUS_CALLER;
  return generate({
    ...{ controller, request: testRequest(MODEL), signal: new Stop(), pinned: pinTo(MODEL) },
    meter: new Meter({ caller, endpoint: "test", asked: MODEL, requestId: "request" }),
  });
}

const textOf = (events: readonly GenerationEvent[]) =>
  events.map((it) => (it.type === "text-delta" ? it.text : "")).join("");

test.each([
  { head: "silent", hasHead: false },
  { head: "with its head out", hasHead: true },
])("before the first word another worker takes over unseen: $head", async ({ hasHead }) => {
  const engines: OpenAiServer[] = [];
  let isHeld = false;
  const handle: OpenAiServerOptions["handle"] = ({ asked, openEvents }) => {
    const isAnswer = JSON.stringify(asked.body ?? {}).includes('"stream":true');
    if (!isAnswer || isHeld) return false;
    isHeld = true;
    // The first to be asked says nothing more until it is killed.
    if (hasHead) openEvents();
    return true;
  };
  for (let index = 0; index < 2; index++) engines.push(await addWorker({ handle }));
  const answering = ask();
  await vi.waitFor(() => expect(isHeld).toBe(true));
  await engines.find((it) => answersOf(it) === 1)?.close();
  const events: GenerationEvent[] = [];
  for await (const event of (await answering).events) events.push(event);
  expect(events.filter(({ type }) => type === "generation-start")).toHaveLength(1);
  expect(events.at(-1)).toMatchObject({ type: "generation-end", finishReason: "stop" });
  expect(textOf(events).split(" ").length).toBeGreaterThan(10);
  expect(engines.map(answersOf)).toEqual([1, 1]);
});

test("after it the answer ends with an error, and what was said stays", async () => {
  const engines = [await addWorker({ tokenMs: 10 }), await addWorker({ tokenMs: 10 })];
  const events: GenerationEvent[] = [];
  for await (const event of (await ask()).events) {
    events.push(event);
    if (event.type === "text-delta") await engines.find((it) => answersOf(it) === 1)?.close();
  }
  expect(textOf(events)).not.toBe("");
  expect(events.at(-1)).toMatchObject({
    ...{ type: "generation-error", code: "worker-lost", retryable: true },
  });
  expect(engines.map(answersOf).sort()).toEqual([0, 1]);
});
