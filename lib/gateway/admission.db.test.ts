/**
 * Goal: requests wait here and not in a worker's room, fairly, no longer than they should, and for no
 * worker that idles. Method: a real registry and real worker servers whose answers end when a test says so.
 */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";

vi.hoisted(() => {
  process.env.PARLEY_WORKER_SECRET = "a secret of the tests";
});

import type { ApiCaller } from "@/lib/auth/api-caller";
import { Controller } from "@/lib/controller/controller";
import { createTestDatabase, emptyTables, type TestDatabase } from "@/lib/db/testing";
import { AppError } from "@/lib/errors";
import { ADMISSION_WAITING_MAX, SENT_AHEAD_MAX } from "@/lib/fleet-limits";
import type { GenerateEvent } from "@/lib/protocol/generate-event";
import type { GenerateRequest } from "@/lib/protocol/generate-request";
import { Meter } from "@/lib/usage/meter";
import { Stop, type StopSignal } from "@/lib/util/stop";
import type { Backend } from "@/worker/backend";
import { createMockBackend } from "@/worker/backends/mock";
import { startTestWorker, type TestWorker, testRequest } from "@/worker/server-testing";
import { admissionOf } from "./admission";
import { tryWorkers } from "./attempts";
import { pinTo } from "./candidate";
import { generate } from "./generate";
import { generateChoices } from "./generate-choices";

const MODEL = "mock/echo";

let database: TestDatabase;
let controller: Controller;
let workers: TestWorker[] = [];

beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());
beforeEach(async () => {
  await emptyTables(database.db, "workers", "models");
  controller = new Controller({ db: database.db });
});
afterEach(async () => {
  await eventually(() => expect(controller.inFlight()).toBe(0));
  expect(admissionOf(controller).waiting(MODEL)).toBe(0);
  await Promise.all(workers.map((worker) => worker.close()));
  workers = [];
});

/** What runs at a worker: begun, and ended by the test. */
type Running = { request: GenerateRequest; end(): void };

function heldBackend(slots: number, running: Running[]): Backend {
  const mock = createMockBackend({ models: [MODEL], slots });
  return {
    ...mock,
    async *generate(request, signal): AsyncGenerator<GenerateEvent> {
      const [offer] = mock.card().models;
      const start = { model: MODEL, build: offer!.build, promptTokens: 1, maxTokens: 9 };
      const sampling = { temperature: 1, topP: 1, seed: request.sampling.seed ?? 1 };
      yield { type: "generation-start", ...start, sampling };
      await new Promise<void>((resolve) => {
        const end = () => {
          const index = running.findIndex((it) => it.request === request);
          if (index >= 0) running.splice(index, 1);
          resolve();
        };
        running.push({ request, end });
        signal.addEventListener("abort", end, { once: true });
      });
      if (signal.aborted) return;
      const usage = { promptTokens: 1, completionTokens: 0 };
      const timing = { queuedMs: 0, firstTokenMs: 0, durationMs: 0 };
      yield { type: "generation-end", finishReason: "stop", usage, timing };
    },
  };
}

async function addWorker(slots: number, { waitingMax = 64, at = controller } = {}) {
  const running: Running[] = [];
  const backend = heldBackend(slots, running);
  const worker = await startTestWorker({ backend, waitingMax });
  workers.push(worker);
  const card = { ...backend.card(), name: "test", version: "0", waitingMax };
  const { instanceId } = worker.server;
  const load = () => worker.server.load();
  const body = { instanceId, address: worker.address, card, load: load() };
  const { workerId } = await at.register(body);
  const beat = () => at.heartbeat(workerId, { instanceId, load: load() });
  return { ...worker, running, workerId, instanceId, beat };
}

/** Also on a machine that runs everything at once. */
const eventually = (check: () => unknown) => vi.waitFor(check, { timeout: 15_000, interval: 5 });
const never = () => new AbortController().signal;
const callerOf = (name: string): ApiCaller => ({ owner: `key:${name}`, key: undefined });

/** Many that end together share a stop, as answers to one request do: of a signal Node expects ten listeners at most. */
type Asking = { signal?: StopSignal; at?: Controller };

/** Asks and reads to the end, or to the refusal. */
async function ask(name: string, { signal = never(), at = controller }: Asking = {}) {
  const meter = new Meter({
    ...{ caller: callerOf(name), endpoint: "test", asked: MODEL, requestId: name },
  });
  const request = testRequest(MODEL, { requestId: name });
  try {
    const options = { controller: at, request, signal, meter, pinned: pinTo(MODEL) };
    const generation = await generate(options);
    for await (const event of generation.events) {
      if (event.type === "generation-error") return event.code;
    }
    return generation.workerId;
  } catch (error) {
    if (error instanceof AppError) return error;
    throw error;
  } finally {
    meter.close("complete");
  }
}

const names = (running: readonly Running[]) => running.map((it) => it.request.requestId);
const waiting = () => admissionOf(controller).waiting(MODEL);

async function settle(worker: { running: Running[] }, count: number): Promise<void> {
  await eventually(() => expect(worker.running).toHaveLength(count));
}

test("a free place is taken in the same turn of the event loop", async () => {
  await addWorker(1);
  await controller.whenCurrent();
  const admitted = {
    ...{ wanted: { model: MODEL, features: [] }, lane: "a", passedOver: new Set<string>() },
    ...{ isUnderWay: false, signal: never(), waitMsMax: 1_000 },
  };
  const place = admissionOf(controller).enter(admitted);
  expect(place).toMatchObject({ address: workers[0]?.address });
  (await place)?.release();
});

test("places are shared alike, whoever asks more, and the worker's room stays empty", async () => {
  const worker = await addWorker(2);
  const greedy = Array.from({ length: 12 }, () => ask("greedy"));
  await settle(worker, 2);
  const modest = Array.from({ length: 3 }, () => ask("modest"));
  await eventually(() => expect(waiting()).toBe(15 - 2 - SENT_AHEAD_MAX));
  // The last one sent may still be on its way.
  await eventually(() =>
    expect(worker.server.load()).toMatchObject({ running: 2, waiting: SENT_AHEAD_MAX }),
  );
  const order: string[] = [];
  for (let ended = 0; ended < 15; ended++) {
    await eventually(() => {
      expect(worker.running.length).toBe(Math.min(2, 15 - ended));
      expect(worker.server.load().waiting).toBe(Math.max(0, Math.min(1, 13 - ended)));
    });
    const [first] = worker.running;
    order.push(first?.request.requestId ?? "");
    first?.end();
  }
  // Three were there before the other caller came; then it has its turns until it has none left.
  expect(order.lastIndexOf("modest")).toBeLessThanOrEqual(7);
  expect(await Promise.all([...greedy, ...modest])).toEqual(Array(15).fill(worker.workerId));
});

test("ten thousand requests of one caller keep nobody out, and are told when to return", async () => {
  const worker = await addWorker(1);
  const stop = new Stop();
  const count = 2_000;
  let refused: AppError[] = [];
  const greedy = Array.from({ length: count }, async () => {
    const outcome = await ask("greedy", { signal: stop });
    if (outcome instanceof AppError && outcome.code === "overloaded") refused.push(outcome);
  });
  await eventually(() => expect(waiting()).toBe(ADMISSION_WAITING_MAX));
  await eventually(() =>
    expect(refused).toHaveLength(count - ADMISSION_WAITING_MAX - 1 - SENT_AHEAD_MAX),
  );
  expect(refused.every((error) => (error.retryAfterSeconds ?? 0) >= 1)).toBe(true);
  refused = [];
  const modest = ask("modest");
  await eventually(() => expect(refused).toHaveLength(1));
  expect(waiting()).toBe(ADMISSION_WAITING_MAX);
  // The one that runs and the one that was sent ahead of it, then the other caller.
  for (let turn = 0; turn < 2; turn++) {
    await settle(worker, 1);
    worker.running[0]?.end();
    await settle(worker, 1);
  }
  await eventually(() => expect(names(worker.running)).toEqual(["modest"]));
  worker.running[0]?.end();
  expect(await modest).toBe(worker.workerId);
  stop.abort(new Error("left"));
  await Promise.all(greedy);
});

test("who waits takes a worker that joins, and hears at once when the last one goes", async () => {
  const one = await addWorker(1);
  const stop = new Stop();
  const all = Array.from({ length: 5 }, () => ask("a", { signal: stop }));
  await eventually(() => expect(waiting()).toBe(3));
  const two = await addWorker(1);
  await settle(two, 1);
  expect(waiting()).toBe(1);
  await controller.leave(one.workerId, one);
  await controller.leave(two.workerId, two);
  const outcomes = Promise.all(all);
  await eventually(() => expect(waiting()).toBe(0));
  // Who waited is told before the others leave.
  await Promise.race(all);
  stop.abort(new Error("left"));
  const codes = (await outcomes).map((it) => (it instanceof AppError ? it.code : "answered"));
  expect(codes.filter((code) => code === "no-worker")).toHaveLength(1);
});

describe("another process's requests", () => {
  test("are waited out without its word: one sent ahead finds the place that came free", async () => {
    const worker = await addWorker(2);
    const other = new Controller({ db: database.db });
    const theirs = [ask("theirs", { at: other }), ask("theirs", { at: other })];
    await settle(worker, 2);
    // Its beat says that it is full, and nobody will say that it is not any more.
    await worker.beat();
    const ours = Array.from({ length: 6 }, () => ask("ours"));
    await eventually(() => expect(worker.server.load().waiting).toBe(SENT_AHEAD_MAX));
    expect(waiting()).toBe(5);
    for (const it of [...worker.running]) it.end();
    await Promise.all(theirs);
    for (let ended = 0; ended < 6; ended++) {
      await eventually(() => expect(worker.running.length).toBeGreaterThan(0));
      // Both slots are in use again, though by the last beat none is free.
      if (ended === 0) await settle(worker, 2);
      worker.running[0]?.end();
    }
    expect(await Promise.all(ours)).toEqual(Array(6).fill(worker.workerId));
  });
});

describe("a wait", () => {
  test("ends with the client's, and nobody is sent in its place", async () => {
    const worker = await addWorker(1, { waitingMax: 0 });
    const first = ask("a");
    await settle(worker, 1);
    const leave = new AbortController();
    const second = ask("b", { signal: leave.signal });
    await eventually(() => expect(waiting()).toBe(1));
    leave.abort();
    expect(await second).toMatchObject({ code: "client-closed" });
    expect(waiting()).toBe(0);
    worker.running[0]?.end();
    expect(await first).toBe(worker.workerId);
  });

  test("ends with the time for it", async () => {
    const worker = await addWorker(1, { waitingMax: 0 });
    const first = ask("a");
    await settle(worker, 1);
    const attempts = {
      ...{ controller, requestId: "r", model: MODEL, names: [], features: [] },
      ...{ signal: never(), meter: undefined },
    };
    const late = tryWorkers({ ...attempts, waitMsMax: 30 }, async () => "served");
    await expect(late).rejects.toMatchObject({ code: "overloaded", status: 429 });
    const impatient = tryWorkers({ ...attempts, waitMsMax: 0 }, async () => "served");
    await expect(impatient).rejects.toMatchObject({ code: "overloaded" });
    expect(waiting()).toBe(0);
    // What takes no slot does not wait for one.
    const visit = { ...attempts, takesSlot: false };
    expect(
      await tryWorkers(visit, async ({ release }) => {
        release();
        return "served";
      }),
    ).toBe("served");
    worker.running[0]?.end();
    await first;
  });
});

test("further answers to a request go to the worker of the first while it has room", async () => {
  const all = [await addWorker(4), await addWorker(4), await addWorker(4)];
  const request = testRequest(MODEL);
  const caller = callerOf("a");
  const asked = async (count: number) => {
    const meter = new Meter({ caller, endpoint: "test", asked: MODEL, requestId: "r" });
    const options = { controller, request, signal: never(), meter, pinned: pinTo(MODEL) };
    const ended = generateChoices(options, count).then(async ({ events }) => {
      for await (const _ of events);
    });
    await eventually(() => expect(all.flatMap((it) => it.running)).toHaveLength(1));
    const first = all.find((it) => it.running.length === 1);
    return { ended, first: first! };
  };
  // The first event is the start, the second the end: until then there are no further ones.
  const { ended, first } = await asked(4);
  first.running[0]?.end();
  await settle(first, 3);
  expect(first.running.map((it) => it.request.choice).sort()).toEqual([1, 2, 3]);
  for (const it of [...first.running]) it.end();
  await ended;
});
