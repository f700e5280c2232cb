/**
 * Goal: what one request asks for beyond its first answer is not refused for the time that the first one
 * takes, and ends with the request. Method: a real worker with one slot whose answers end when a test says
 * so, and limits of a few milliseconds in place of a minute.
 */
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from "vitest";

vi.hoisted(() => {
  process.env.PARLEY_WORKER_SECRET = "a secret of the tests";
});
vi.mock("@/lib/limits", async (original) => ({
  ...(await original<object>()),
  ...{ SLOT_WAIT_MS_MAX: 40, PICTURE_INTERVAL_MS: 20, TEXTS_A_CALL_MAX: 1 },
}));

import { ANONYMOUS_CALLER } from "@/lib/auth/api-caller";
import { Controller } from "@/lib/controller/controller";
import { createTestDatabase, emptyTables, type TestDatabase } from "@/lib/db/testing";
import { Meter } from "@/lib/usage/meter";
import { Stop } from "@/lib/util/stop";
import type { Backend } from "@/worker/backend";
import { createMockBackend } from "@/worker/backends/mock";
import { startTestWorker, type TestWorker, testRequest } from "@/worker/server-testing";
import { pinTo } from "./candidate";
import { gatewayMetrics } from "./gateway-metrics";
import { type Choices, generateChoices } from "./generate-choices";
import { generatePrompts } from "./generate-prompts";
import { embed } from "./read-texts";
import type { Router } from "./router";

const MODEL = "mock/echo";
let database: TestDatabase;
let controller: Controller;
let worker: TestWorker;
/** Ends the answer that runs. */
let end: () => void;
/** Calls for vectors that have ended. */
let ended = 0;

beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());
beforeEach(async () => {
  await emptyTables(database.db, "workers", "models");
  gatewayMetrics.failovers.reset();
  controller = new Controller({ db: database.db });
  const backend = heldBackend();
  worker = await startTestWorker({ backend, waitingMax: 4 });
  const card = { ...backend.card(), name: "test", version: "0", waitingMax: 4 };
  const { address, server } = worker;
  await controller.register({ instanceId: server.instanceId, address, card, load: server.load() });
});
afterEach(async () => {
  await vi.waitFor(() => expect(controller.inFlight()).toBe(0));
  await worker.close();
});

/** Says a word, and no more until it is told to end. */
function heldBackend(): Backend {
  const mock = createMockBackend({ models: [MODEL, "mock/reader"], slots: 1 });
  return {
    ...mock,
    async embed(request) {
      await new Promise<void>((resolve) => {
        end = resolve;
      });
      ended += 1;
      return { embeddings: request.inputs.map(() => [ended]), promptTokens: 1 };
    },
    async *generate(request, signal) {
      const [offer] = mock.card().models;
      const start = { model: MODEL, build: offer!.build, promptTokens: 1, maxTokens: 9 };
      const sampling = { temperature: 1, topP: 1, seed: request.sampling.seed ?? 1 };
      yield { type: "generation-start", ...start, sampling };
      yield { type: "text-delta", text: "word", tokens: 1 };
      await new Promise<void>((resolve) => {
        end = resolve;
        signal.addEventListener("abort", () => resolve(), { once: true });
      });
      if (signal.aborted) return;
      const usage = { promptTokens: 1, completionTokens: 1 };
      const timing = { queuedMs: 0, firstTokenMs: 0, durationMs: 0 };
      yield { type: "generation-end", finishReason: "stop", usage, timing };
    },
  };
}

function options() {
  const signal = new Stop();
  const meter = new Meter({
    ...{ caller: ANONYMOUS_CALLER, endpoint: "test", asked: MODEL, requestId: "r" },
  });
  return { controller, signal, meter, pinned: pinTo(MODEL), request: testRequest(MODEL) };
}

/** Somebody waited longer in the worker's room than it keeps anybody. */
async function turnedAway(): Promise<void> {
  await vi.waitFor(async () => {
    const { values } = await gatewayMetrics.failovers.get();
    expect(values.find(({ labels }) => labels.code === "overloaded")?.value).toBeGreaterThan(0);
  }, 10_000);
}

/** Waits until the worker has turned somebody away, lets each answer end, and tells how all ended. */
async function endOneByOne({ events }: Choices, count: number): Promise<string[]> {
  const outcomes: string[] = [];
  let words = 0;
  const reading = (async () => {
    for await (const { choice, event } of events) {
      if (event.type === "text-delta") words += 1;
      if (event.type === "generation-end") outcomes.push(`${choice} ${event.finishReason}`);
      if (event.type === "generation-error") outcomes.push(`${choice} ${event.code}`);
    }
  })();
  await turnedAway();
  for (let ended = 0; ended < count; ended++) {
    const isNext = () => expect(words + outcomes.length).toBeGreaterThan(2 * ended);
    // Whoever was turned away asks again a second later.
    await vi.waitFor(isNext, 10_000);
    end();
  }
  await reading;
  return outcomes.sort();
}

test("answers wait for those before them, however long a place is waited for else", async () => {
  const choices = await generateChoices(options(), 3);
  expect(await endOneByOne(choices, 3)).toEqual(["0 stop", "1 stop", "2 stop"]);
});

test("so do the prompts of a list", async () => {
  const { request, ...others } = options();
  const choices = await generatePrompts({
    ...others,
    requests: [request, request, request],
    count: 1,
  });
  expect(await endOneByOne(choices, 3)).toEqual(["0 stop", "1 stop", "2 stop"]);
});

test("and the parts of a long list of texts, the first of which begins before the others", async () => {
  const { pinned: _, request: __, signal, ...others } = options();
  const plan = { candidates: [pinTo("mock/reader")], mirrors: [] };
  const router: Pick<Router, "plan" | "sawOutcome"> = {
    plan: async () => plan,
    sawOutcome: () => undefined,
  };
  const request = { requestId: "r", model: "mock/reader", inputs: ["a", "b", "c", "d", "e"] };
  const vectors = embed({ ...others, signal: signal.real, request, router: router as Router });
  await turnedAway();
  const ending = setInterval(() => end(), 5);
  const { embeddings } = await vectors.finally(() => clearInterval(ending));
  expect(embeddings[0]).toEqual([1]);
  expect(embeddings.flat().sort()).toEqual([1, 2, 3, 4, 5]);
});

test("all end with the request's time", async () => {
  const endsMs = performance.now() + 300;
  const { events } = await generateChoices({ ...options(), endsMs }, 2);
  let last: unknown;
  for await (const { choice, event } of events) {
    if (choice === 0 && event.type === "text-delta") end();
    last = event;
  }
  expect(last).toMatchObject({ type: "generation-error", code: "timeout" });
  expect(performance.now()).toBeGreaterThanOrEqual(endsMs);
});
