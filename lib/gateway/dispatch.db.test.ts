/**
 * Goal: who answers is chosen by what is true now, and by what the model's keeper said; workers that fail
 * are left alone, and those that hold more answer what is longer. Method: a real registry, real worker
 * servers, answers that end when a test says so.
 */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";

vi.hoisted(() => {
  process.env.PARLEY_WORKER_SECRET = "a secret of the tests";
});

import { ANONYMOUS_CALLER } from "@/lib/auth/api-caller";
import { Controller } from "@/lib/controller/controller";
import { createTestDatabase, emptyTables, type TestDatabase } from "@/lib/db/testing";
import { AppError } from "@/lib/errors";
import type { GenerationEvent } from "@/lib/protocol/generate-event";
import type { GenerateRequest } from "@/lib/protocol/generate-request";
import { messageText, textMessage } from "@/lib/protocol/message";
import { Meter } from "@/lib/usage/meter";
import type { Backend } from "@/worker/backend";
import { createMockBackend } from "@/worker/backends/mock";
import { startTestWorker, type TestWorker, testRequest } from "@/worker/server-testing";
import { pinTo } from "./candidate";
import { generate } from "./generate";
import { embed } from "./read-texts";

const MODEL = "mock/echo";

let database: TestDatabase;
let workers: TestWorker[] = [];
let nowMs = 0;

beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());
beforeEach(async () => {
  nowMs = performance.now();
  await emptyTables(database.db, "workers", "models");
});
afterEach(async () => {
  await Promise.all(workers.map((worker) => worker.close()));
  workers = [];
});

const newController = (options: Partial<ConstructorParameters<typeof Controller>[0]> = {}) =>
  new Controller({ db: database.db, probe: async () => "ready", ...options });

/** Holds `contextLength` tokens of one character each, as far as this backend counts. */
function backendOf({
  contextLength = 8_192,
  generate,
}: Partial<Backend> & { contextLength?: number }): Backend {
  const mock = createMockBackend({ models: [MODEL], slots: 4, tokenMs: 0 });
  const card = () => {
    const own = mock.card();
    return { ...own, models: own.models.map((offer) => ({ ...offer, contextLength })) };
  };
  return {
    ...mock,
    card,
    async *generate(request, signal) {
      const length = request.messages.reduce((sum, it) => sum + messageText(it).length, 0);
      if (length >= contextLength) {
        const message = `It holds ${contextLength} tokens.`;
        throw new AppError("context-length-exceeded", { message, param: "messages" });
      }
      const maxTokens = Math.min(request.maxTokens ?? contextLength, contextLength);
      yield* (generate ?? mock.generate)({ ...request, maxTokens }, signal);
    },
  };
}

const testMeter = () =>
  new Meter({ caller: ANONYMOUS_CALLER, endpoint: "t", asked: MODEL, requestId: "r" });

async function addWorker(controllers: Controller[], backend: Backend = backendOf({})) {
  const worker = await startTestWorker({ backend });
  workers.push(worker);
  const { instanceId } = worker.server;
  const card = { ...backend.card(), name: "test", version: "0", waitingMax: 64 };
  const body = { instanceId, address: worker.address, card, load: worker.server.load() };
  let workerId = "";
  for (const controller of controllers) workerId = (await controller.register(body)).workerId;
  return { ...worker, workerId };
}

type Asking = { signal?: AbortSignal; session?: string; request?: Partial<GenerateRequest> };

const ask = (
  controller: Controller,
  { signal = new AbortController().signal, session, request = {} }: Asking = {},
) =>
  generate({
    ...{ controller, request: testRequest(MODEL, request), signal, session, pinned: pinTo(MODEL) },
    meter: new Meter({ caller: ANONYMOUS_CALLER, endpoint: "t", asked: MODEL, requestId: "r" }),
  });

async function answer(controller: Controller, asking: Asking = {}): Promise<string> {
  const { workerId, events } = await ask(controller, asking);
  let last: GenerationEvent | undefined;
  for await (const event of events) last = event;
  expect(last?.type).toBe("generation-end");
  return workerId;
}

const prompt = (characters: number) => ({
  messages: [textMessage("user", "x".repeat(characters))],
});

describe("workers of one model that hold more or less", () => {
  test("a request too long for one is answered by one that holds it, whatever was guessed", async () => {
    const controller = newController();
    const short = await addWorker([controller], backendOf({ contextLength: 300 }));
    const long = await addWorker([controller], backendOf({ contextLength: 3_000 }));
    const longest = await addWorker([controller], backendOf({ contextLength: 9_000 }));
    expect((await controller.listModels())[0]).toMatchObject({ contextLength: 9_000, workers: 3 });
    for (let count = 0; count < 6; count++) {
      // A guess of 100 tokens, which is short by three times.
      expect(await answer(controller, { request: prompt(400) })).not.toBe(short.workerId);
      expect(await answer(controller, { request: prompt(4_000) })).toBe(longest.workerId);
    }
    const refused = ask(controller, { request: prompt(9_000) });
    await expect(refused).rejects.toMatchObject({
      code: "context-length-exceeded",
      message: "It holds 9000 tokens.",
    });
    // None of this was a worker's fault.
    for (const { workerId } of [short, long, longest]) {
      expect(controller.breakerOf(workerId).state).toBe("closed");
    }
  });

  test("what may be written counts: a short answer is not cut where a longer one is offered", async () => {
    const controller = newController();
    await addWorker([controller], backendOf({ contextLength: 600 }));
    const long = await addWorker([controller], backendOf({ contextLength: 6_000 }));
    for (let count = 0; count < 6; count++) {
      const asked = answer(controller, { request: { maxTokens: 2_000 } });
      expect(await asked).toBe(long.workerId);
    }
  });

  test("the longer one gone, the request is refused as too long", async () => {
    const controller = newController();
    await addWorker([controller], backendOf({ contextLength: 300 }));
    const long = await addWorker([controller], backendOf({ contextLength: 3_000 }));
    await controller.leave(long.workerId, { instanceId: long.server.instanceId });
    await expect(ask(controller, { request: prompt(400) })).rejects.toMatchObject({
      code: "context-length-exceeded",
    });
  });
});

test("by the model's policy a conversation stays with its worker, and others do not follow it", async () => {
  const policyOf = vi.fn(() => "session-affinity" as const);
  const controller = newController({ policyOf });
  for (let count = 0; count < 4; count++) await addWorker([controller]);
  const homes = new Map<string, Set<string>>();
  for (let turn = 0; turn < 6; turn++) {
    for (let index = 0; index < 12; index++) {
      const session = `conversation ${index}`;
      const home = homes.get(session) ?? new Set();
      homes.set(session, home.add(await answer(controller, { session })));
    }
  }
  expect(policyOf).toHaveBeenCalledWith(MODEL);
  for (const home of homes.values()) expect(home.size).toBe(1);
  expect(new Set([...homes.values()].flatMap((home) => [...home])).size).toBeGreaterThan(1);
});

test("another process's requests are heard with the first answer, not with the next beat", async () => {
  const [here, there] = [newController(), newController()];
  const ends: (() => void)[] = [];
  const held = backendOf({
    async *generate(request, signal) {
      yield { ...START, sampling: { temperature: 1, topP: 1, seed: 1 } };
      const isHeld = request.requestId === "held";
      if (isHeld) {
        await new Promise<void>((resolve) => {
          ends.push(resolve);
          signal.addEventListener("abort", () => resolve(), { once: true });
        });
        if (signal.aborted) return;
      }
      yield END;
    },
  });
  const busy = await addWorker([here, there], held);
  const [before] = await here.listWorkers();
  expect(before).toMatchObject({ running: 0 });
  // Nobody hears of the third before its first token: it is held until then.
  const asked = [1, 2].map(() => answer(there, { request: { requestId: "held" } }));
  await vi.waitFor(() => expect(busy.server.load().running).toBe(2), { timeout: 15_000 });
  await answer(here);
  const [after] = await here.listWorkers();
  expect(after).toMatchObject({ running: 2, waiting: 0 });
  expect(after?.outstandingTokens).toBeGreaterThan(0);
  // And so with what reads texts.
  for (const end of ends.splice(0)) end();
  await Promise.all(asked);
  const meter = new Meter({
    caller: ANONYMOUS_CALLER,
    endpoint: "t",
    asked: MODEL,
    requestId: "r",
  });
  const request = { requestId: "r", model: MODEL, inputs: ["a text"] };
  const router = {
    plan: async () => ({ candidates: [pinTo(MODEL)], mirrors: [] }),
    sawOutcome() {},
  };
  const signal = new AbortController().signal;
  await embed({ controller: here, request, signal, meter, router: router as never });
  expect((await here.listWorkers())[0]).toMatchObject({ running: 0, waiting: 0 });
});

const START = {
  ...({ type: "generation-start", model: MODEL, build: "b".repeat(64), promptTokens: 1 } as const),
  maxTokens: 9,
};
const END = {
  ...({ type: "generation-end", finishReason: "stop" } as const),
  usage: { promptTokens: 1, completionTokens: 0 },
  timing: { queuedMs: 0, firstTokenMs: 0, durationMs: 0 },
} as const;

describe("a worker that fails", () => {
  test("and cannot be reached is passed over at once, one request tries it later, and its answer closes it", async () => {
    const controller = newController({ now: () => nowMs, probe: async () => "silent" });
    const [one, two] = [await addWorker([controller]), await addWorker([controller])];
    const { address } = one;
    await one.close();
    workers = workers.filter((it) => it.address !== address);
    const ids = await Promise.all(Array.from({ length: 6 }, () => answer(controller)));
    expect(new Set(ids)).toEqual(new Set([two.workerId]));
    expect(controller.breakerOf(one.workerId)).toMatchObject({
      ...{ state: "open", reason: "It could not be reached, or broke off." },
    });
    expect(controller.breakerOf(two.workerId)).toEqual({ state: "closed", failures: 0 });
  });

  test("of itself three times is passed over, and closes with the first answer after the wait", async () => {
    const controller = newController({ now: () => nowMs });
    let isWell = false;
    let asked = 0;
    const mock = createMockBackend({ models: [MODEL], slots: 4, tokenMs: 0 });
    const failing = await addWorker(
      [controller],
      backendOf({
        async *generate(request, signal) {
          asked += 1;
          if (!isWell) throw new AppError("upstream-invalid", { message: "Nonsense." });
          yield* mock.generate(request, signal);
        },
      }),
    );
    const other = await addWorker([controller]);
    const state = () => controller.breakerOf(failing.workerId).state;
    for (let count = 0; count < 40 && state() === "closed"; count++) {
      expect(await answer(controller)).toBe(other.workerId);
    }
    expect(state()).toBe("open");
    expect(asked).toBe(3);
    for (let count = 0; count < 5; count++) await answer(controller);
    expect(asked).toBe(3);
    nowMs += 2_500;
    expect(state()).toBe("half-open");
    isWell = true;
    for (let count = 0; count < 40 && state() !== "closed"; count++) await answer(controller);
    expect(state()).toBe("closed");
  });

  test("at reading texts is passed over as well, and closes with the first reply after the wait", async () => {
    const controller = newController({ now: () => nowMs });
    let isWell = false;
    const mock = createMockBackend({ models: [MODEL], slots: 4, tokenMs: 0 });
    const read: Backend["embed"] = async (request, signal) => {
      if (!isWell) throw new AppError("internal", { message: "It fails." });
      return mock.embed(request, signal);
    };
    const { workerId } = await addWorker([controller], { ...backendOf({}), embed: read });
    // Only what the router learns of models is left out.
    const router = { sawOutcome() {} } as never;
    const readOne = () =>
      embed({
        router,
        ...{ controller, signal: new AbortController().signal, pinned: pinTo(MODEL) },
        request: { requestId: "r", model: MODEL, inputs: ["one"] },
        meter: new Meter({ caller: ANONYMOUS_CALLER, endpoint: "t", asked: MODEL, requestId: "r" }),
      });
    const state = () => controller.breakerOf(workerId).state;
    for (let count = 0; count < 3; count++) {
      await expect(readOne()).rejects.toMatchObject({ code: "internal" });
    }
    expect(state()).toBe("open");
    nowMs += 2_500;
    // The trial fails: it opens for longer.
    await expect(readOne()).rejects.toMatchObject({ code: "internal" });
    expect(state()).toBe("open");
    nowMs += 10_000;
    isWell = true;
    await readOne();
    expect(controller.breakerOf(workerId)).toEqual({ state: "closed", failures: 0 });
    expect(controller.inFlight()).toBe(0);
  });

  test.each([
    ["tokens than its texts make", { promptTokens: 100_000 }],
    ["vectors than it was given texts", { embeddings: [[1], [1], [1]] }],
  ])("by telling of more %s is passed over, and costs nothing", async (_, lie) => {
    const controller = newController();
    const mock = createMockBackend({ models: [MODEL], slots: 4, tokenMs: 0 });
    const read: Backend["embed"] = async (request, signal) => ({
      ...(await mock.embed(request, signal)),
      ...lie,
    });
    await addWorker([controller], { ...backendOf({}), embed: read });
    const meter = testMeter();
    const readTwo = () =>
      embed({
        ...{ controller, signal: new AbortController().signal, pinned: pinTo(MODEL), meter },
        request: { requestId: "r", model: MODEL, inputs: ["one", "two"] },
        router: { sawOutcome() {} } as never,
      });
    await expect(readTwo()).rejects.toMatchObject({ code: "upstream-invalid" });
    expect(meter.promptTokens).toBe(0);
    await addWorker([controller]);
    for (let count = 0; count < 4; count++) expect((await readTwo()).embeddings).toHaveLength(2);
  });

  test("a client that leaves and a request that cannot be are no faults", async () => {
    const controller = newController();
    const { workerId } = await addWorker([controller], backendOf({ contextLength: 300 }));
    for (let count = 0; count < 12; count++) {
      const leave = new AbortController();
      const { events } = await ask(controller, { signal: leave.signal });
      leave.abort();
      for await (const _ of events);
      await expect(ask(controller, { request: prompt(400) })).rejects.toBeInstanceOf(AppError);
    }
    expect(controller.breakerOf(workerId)).toEqual({ state: "closed", failures: 0 });
  });
});
