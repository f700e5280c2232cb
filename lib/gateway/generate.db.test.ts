/**
 * Goal: a request finds a worker that can take it, fails over unseen, and always gives its place back.
 * Method: a real registry and real worker servers with the mock backend.
 */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";

vi.hoisted(() => {
  process.env.PARLEY_WORKER_SECRET = "a secret of the tests";
});

import { ANONYMOUS_CALLER } from "@/lib/auth/api-caller";
import { Controller } from "@/lib/controller/controller";
import { createTestDatabase, emptyTables, type TestDatabase } from "@/lib/db/testing";
import { AppError } from "@/lib/errors";
import { READER_STALL_MS_MAX, TOKENIZER_CALLS_AT_ONCE_MAX } from "@/lib/limits";
import type { GenerationEvent } from "@/lib/protocol/generate-event";
import { textMessage } from "@/lib/protocol/message";
import { workerClient } from "@/lib/protocol/worker-client";
import { Meter } from "@/lib/usage/meter";
import { Stop, type StopSignal } from "@/lib/util/stop";
import { createMockBackend } from "@/worker/backends/mock";
import { startTestWorker, type TestWorker, testRequest } from "@/worker/server-testing";
import { tryWorkers } from "./attempts";
import { pinTo } from "./candidate";
import { gatewayMetrics } from "./gateway-metrics";
import { generate } from "./generate";
import { GenerationWatch } from "./generation-watch";
import { lifeSigns } from "./life-signs";
import { tokenize } from "./tokenize";

let database: TestDatabase;
let controller: Controller;
let workers: TestWorker[] = [];
const never = new Stop();

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
  expect((await gatewayMetrics.running.get()).values[0]?.value ?? 0).toBe(0);
  expect(lifeSigns().size).toBe(0);
  await Promise.all(workers.map((worker) => worker.close()));
  workers = [];
});

type Options = { models?: string[]; slots?: number; waitingMax?: number; tokenMs?: number };

async function addWorker({ models = [], slots = 4, waitingMax, tokenMs = 1 }: Options = {}) {
  let worker: TestWorker | undefined;
  const die = () => void worker?.close();
  const backend = createMockBackend({ models, slots, tokenMs, die });
  worker = await startTestWorker({ backend, ...(waitingMax !== undefined && { waitingMax }) });
  workers.push(worker);
  const card = { ...backend.card(), name: "test", version: "0", waitingMax: waitingMax ?? 64 };
  const { workerId } = await controller.register({
    instanceId: worker.server.instanceId,
    address: worker.address,
    card,
    load: worker.server.load(),
  });
  return { ...worker, workerId };
}

function testMeter(asked: string): Meter {
  return new Meter({ caller: ANONYMOUS_CALLER, endpoint: "test", asked, requestId: "request" });
}

function ask(model: string, signal: StopSignal = never) {
  const pinned = pinTo(model);
  return generate({
    controller,
    request: testRequest(model),
    signal,
    meter: testMeter(model),
    pinned,
  });
}

async function readAll(events: AsyncIterable<GenerationEvent>): Promise<GenerationEvent[]> {
  const all = [];
  for await (const event of events) all.push(event);
  return all;
}

async function refusal(act: Promise<unknown>): Promise<AppError> {
  try {
    await act;
  } catch (error) {
    if (error instanceof AppError) return error;
    throw error;
  }
  throw new Error("nothing was refused");
}

async function freed(worker: TestWorker): Promise<void> {
  await vi.waitFor(() => {
    expect(worker.server.load()).toMatchObject({ running: 0, waiting: 0 });
    expect(controller.inFlight()).toBe(0);
  });
}

describe("a generation", () => {
  test("passes every event on and says who made it", async () => {
    const { workerId } = await addWorker({ models: ["mock/echo"] });
    const generation = await ask("mock/echo");
    expect(generation.workerId).toBe(workerId);
    expect(generation.modelId).toBe((await controller.listModels())[0]?.modelId);
    expect(controller.inFlight(workerId)).toBe(1);
    const events = await readAll(generation.events);
    expect(events[0]).toEqual(generation.start);
    expect(events.at(-1)).toMatchObject({ type: "generation-end", finishReason: "stop" });
    const text = events.map((event) => (event.type === "text-delta" ? event.text : "")).join("");
    expect(text).toBe("one two three four five");
  });

  test("that fails in the middle ends with the error, and that is all", async () => {
    await addWorker({ models: ["mock/fails-after-3-tokens"] });
    const events = await readAll((await ask("mock/fails-after-3-tokens")).events);
    expect(events.filter((event) => event.type === "text-delta")).toHaveLength(3);
    expect(events.at(-1)?.type).toBe("generation-error");
  });

  test("whose worker dies in the middle ends with worker-lost and names no address", async () => {
    const { address } = await addWorker({ models: ["mock/dies-after-3-tokens"] });
    const events = await readAll((await ask("mock/dies-after-3-tokens")).events);
    expect(events.filter((event) => event.type === "text-delta")).toHaveLength(3);
    expect(events.at(-1)).toMatchObject({
      type: "generation-error",
      code: "worker-lost",
      retryable: true,
    });
    expect(JSON.stringify(events)).not.toContain(new URL(address).port);
  });

  test("that nobody may have is refused with its own reason", async () => {
    await addWorker({ models: ["mock/context"] });
    expect((await refusal(ask("no/such"))).code).toBe("model-not-found");
    const content = Array.from({ length: 90 }, (_, index) => `word${index}`).join(" ");
    const request = testRequest("mock/context", { messages: [textMessage("user", content)] });
    const long = await refusal(
      generate({
        ...{ controller, request, signal: never, meter: testMeter("mock/context") },
        pinned: pinTo("mock/context"),
      }),
    );
    expect(long).toMatchObject({ code: "context-length-exceeded", param: "messages" });
  });
});

describe("failover", () => {
  test("hides a worker that is gone but not yet silent for long", async () => {
    const dead = await addWorker({ models: ["mock/echo"] });
    const alive = await addWorker({ models: ["mock/echo"] });
    await dead.close();
    for (let request = 0; request < 12; request++) {
      const generation = await ask("mock/echo");
      expect(generation.workerId).toBe(alive.workerId);
      await readAll(generation.events);
    }
  });

  test("of the only worker is an error that names no address and says when to return", async () => {
    const only = await addWorker({ models: ["mock/echo"] });
    await only.close();
    const error = await refusal(ask("mock/echo"));
    expect(error.code).toBe("worker-lost");
    expect(error.retryAfterSeconds).toBeGreaterThan(0);
    expect(error.message).not.toContain(new URL(only.address).port);
  });

  test("goes from a worker that another process filled to one with room; when all are full it says so", async () => {
    const full = { models: ["mock/never"], slots: 1, waitingMax: 0 };
    const one = await addWorker(full);
    const other = new Controller({ db: database.db });
    const stop = new AbortController();
    const asOther = { request: testRequest("mock/never"), pinned: pinTo("mock/never") };
    const first = refusal(
      generate({ controller: other, signal: stop.signal, meter: testMeter("a"), ...asOther }),
    );
    await vi.waitFor(() => expect(one.server.load().running).toBe(1));
    // Its last beat said that it is idle, so this process asks and is refused there.
    const error = await refusal(ask("mock/never"));
    expect(error.code).toBe("overloaded");
    expect(error.retryAfterSeconds).toBeGreaterThan(0);
    const two = await addWorker(full);
    const second = refusal(ask("mock/never", stop.signal));
    await vi.waitFor(() => expect(two.server.load().running).toBe(1));
    stop.abort();
    expect((await first).code).toBe("client-closed");
    expect((await second).code).toBe("client-closed");
    await freed(one);
    await freed(two);
  });

  test("survives a worker that was given another secret", async () => {
    const stranger = createMockBackend({ models: ["mock/echo"], slots: 4 });
    const wrong = await startTestWorker({ backend: stranger, secret: "quite another secret" });
    workers.push(wrong);
    const card = { ...stranger.card(), name: "test", version: "0", waitingMax: 4 };
    const load = wrong.server.load();
    const body = { instanceId: wrong.server.instanceId, address: wrong.address, card, load };
    await controller.register(body);
    // Alone: the client hears of a fault on our side, never of a wrong key of its own.
    expect((await refusal(ask("mock/echo"))).code).toBe("upstream-invalid");
    const right = await addWorker({ models: ["mock/echo"] });
    for (let request = 0; request < 6; request++) {
      const generation = await ask("mock/echo");
      expect(generation.workerId).toBe(right.workerId);
      await readAll(generation.events);
    }
  });
});

describe("a place is given back", () => {
  test("when the client leaves before the first token", async () => {
    const worker = await addWorker({ models: ["mock/never"] });
    const client = new AbortController();
    const asked = refusal(ask("mock/never", client.signal));
    await vi.waitFor(() => expect(worker.server.load().running).toBe(1));
    client.abort();
    expect((await asked).code).toBe("client-closed");
    await freed(worker);
  });

  test("when the client had left before it asked", async () => {
    const worker = await addWorker({ models: ["mock/echo"] });
    expect((await refusal(ask("mock/echo", AbortSignal.abort()))).code).toBe("client-closed");
    await freed(worker);
  });

  test("when the signal aborts and nobody ever read an event", async () => {
    const worker = await addWorker({ models: ["mock/long"], tokenMs: 50 });
    const client = new AbortController();
    const generation = await ask("mock/long", client.signal);
    client.abort();
    await freed(worker);
    // After an abort the stream just ends.
    const events = await readAll(generation.events);
    expect(events.map((event) => event.type)).not.toContain("generation-error");
  });

  test("when the reader returns while the next event is being waited for", async () => {
    const worker = await addWorker({ models: ["mock/slow"], tokenMs: 400 });
    const generation = await ask("mock/slow");
    const events = generation.events[Symbol.asyncIterator]();
    await events.next();
    await events.next();
    const pending = events.next();
    await events.return?.();
    expect((await pending).done).toBe(true);
    await freed(worker);
  });

  test("when the reader returns before it read anything", async () => {
    const worker = await addWorker({ models: ["mock/slow"], tokenMs: 100 });
    const generation = await ask("mock/slow");
    await generation.events[Symbol.asyncIterator]().return?.();
    await freed(worker);
  });

  test("when the prompt alone passes a limit", async () => {
    const worker = await addWorker({ models: ["mock/slow"], tokenMs: 100 });
    const meter = testMeter("mock/slow");
    const spent = new AppError("quota-exceeded", { message: "It is used up." });
    vi.spyOn(meter, "add").mockReturnValue(spent);
    const asked = generate({
      ...{ controller, request: testRequest("mock/slow"), signal: never, meter },
      pinned: pinTo("mock/slow"),
    });
    expect(await refusal(asked)).toBe(spent);
    await freed(worker);
  });

  test("in whatever mixture of endings", async () => {
    const worker = await addWorker({ slots: 3, waitingMax: 8 });
    await addWorker({ slots: 2, waitingMax: 2 });
    const models = ["mock/echo", "mock/long", "mock/fails-after-3-tokens", "mock/rejects"];
    await Promise.all(
      Array.from({ length: 60 }, async (_, index) => {
        const client = new AbortController();
        try {
          const generation = await ask(models[index % models.length]!, client.signal);
          let seen = 0;
          for await (const _event of generation.events) {
            seen += 1;
            if (seen === 3 && index % 3 === 0) break;
            if (seen === 4 && index % 3 === 1) client.abort();
          }
        } catch (error) {
          expect(error).toBeInstanceOf(AppError);
        }
      }),
    );
    await freed(worker);
  });
});

describe("a watch", () => {
  const begin = (ended: (outcome: string) => void, limitMs = 60_000) => {
    const options = { request: testRequest("m"), meter: testMeter("m"), client: never };
    return new GenerationWatch({ ...options, limitMs, ended });
  };

  test("keeps a time limit, which a client can make any model pass", async () => {
    const [undone, ended] = [vi.fn(), vi.fn()];
    const watch = begin(ended, 5);
    watch.onClose(undone);
    await new Promise((resolve) => watch.signal.addEventListener("abort", resolve, { once: true }));
    expect(watch.reason).toMatchObject({ code: "timeout" });
    watch.close("timeout");
    watch.close("stop");
    expect(undone).toHaveBeenCalledTimes(1);
    expect(ended.mock.calls).toEqual([["cancelled"]]);
  });

  test("holds a loss against the model, and not one whose reader stalled before", () => {
    const ended = vi.fn();
    const [lost, left] = [begin(ended), begin(ended)];
    lost.waitedForReader(READER_STALL_MS_MAX - 1);
    lost.fail("worker-lost");
    left.waitedForReader(READER_STALL_MS_MAX);
    left.fail("worker-lost");
    expect(ended.mock.calls).toEqual([["worker-lost"], ["cancelled"]]);
  });
});

test("tokens are counted by any worker of the model", async () => {
  await addWorker({ models: ["mock/echo"] });
  const messages = [textMessage("user", "one two")];
  const reply = await tokenize({
    controller,
    request: { model: "mock/echo", messages },
    signal: never,
    pinned: pinTo("mock/echo"),
  });
  expect(reply.contextLength).toBe(8_192);
  expect(reply.ids.length).toBeGreaterThan(2);
});

test("a tokenizer that is late leaves its worker to answers, and one that is gone does not", async () => {
  const { workerId } = await addWorker({ models: ["mock/echo"] });
  const breaker = () => controller.breakerOf(workerId).state;
  const attempts = {
    ...{ controller, requestId: "r", model: "mock/echo", names: [], features: [] },
    ...{ signal: never, meter: undefined, takesSlot: false },
  };
  const fail = (code: "timeout" | "worker-lost") =>
    refusal(
      tryWorkers(attempts, () => Promise.reject(new AppError(code, { message: "It failed." }))),
    );
  expect((await fail("timeout")).code).toBe("timeout");
  expect(breaker()).toBe("closed");
  expect((await fail("worker-lost")).code).toBe("worker-lost");
  expect(breaker()).toBe("open");
});

test("many texts for one tokenizer go there a few at a time", async () => {
  const { workerId } = await addWorker({ models: ["mock/echo"] });
  let [most, running] = [0, 0];
  const client = workerClient();
  const ask = client.tokenize.bind(client);
  const asking = vi.spyOn(client, "tokenize").mockImplementation(async (...call) => {
    running += 1;
    most = Math.max(most, running);
    expect(controller.inFlight(workerId)).toBe(0);
    return await ask(...call).finally(() => {
      running -= 1;
    });
  });
  const request = { model: "mock/echo", messages: [textMessage("user", "one two")] };
  const count = () => tokenize({ controller, request, signal: never, pinned: pinTo("mock/echo") });
  await Promise.all(Array.from({ length: 40 }, count));
  asking.mockRestore();
  expect(most).toBe(TOKENIZER_CALLS_AT_ONCE_MAX);
});
