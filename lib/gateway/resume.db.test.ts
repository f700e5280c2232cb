/**
 * Goal: whoever reads an answer does not notice that its worker was lost, as long as another one can go on.
 * Method: a real registry and real worker servers with the mock backend, or with scripts that break off
 * between any two events; what is read is compared with the answer that nobody interrupted.
 */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";

vi.hoisted(() => {
  process.env.PARLEY_WORKER_SECRET = "a secret of the tests";
});

import { ANONYMOUS_CALLER } from "@/lib/auth/api-caller";
import { Controller } from "@/lib/controller/controller";
import { createTestDatabase, emptyTables, type TestDatabase } from "@/lib/db/testing";
import { AppError } from "@/lib/errors";
import { RESUMPTIONS_MAX } from "@/lib/fleet-limits";
import type { GenerateEvent, GenerationEvent } from "@/lib/protocol/generate-event";
import type { GenerateRequest } from "@/lib/protocol/generate-request";
import { textMessage } from "@/lib/protocol/message";
import { Meter } from "@/lib/usage/meter";
import { toUsageRecord } from "@/lib/usage/record-book";
import type { Backend } from "@/worker/backend";
import { createMockBackend } from "@/worker/backends/mock";
import { startTestWorker, type TestWorker, testRequest } from "@/worker/server-testing";
import { pinTo } from "./candidate";
import { gatewayMetrics } from "./gateway-metrics";
import { generate } from "./generate";
import { generateChoices } from "./generate-choices";

let database: TestDatabase;
let controller: Controller;
let workers: TestWorker[] = [];
const never = new AbortController().signal;
const WORDS = Array.from({ length: 12 }, (_, index) => `word${index}`).join(" ");

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
  for (const { server } of workers) {
    await vi.waitFor(() => expect(server.load()).toMatchObject({ running: 0, waiting: 0 }));
  }
  await Promise.all(workers.map((worker) => worker.close()));
  workers = [];
});

type Options = { backend?: Backend; slots?: number; tokenMs?: number; models?: string[] };

async function addWorker({ models = [], slots = 4, tokenMs = 1, ...options }: Options = {}) {
  let worker: TestWorker | undefined;
  const die = () => void worker?.close();
  const backend = options.backend ?? createMockBackend({ models, slots, tokenMs, die });
  worker = await startTestWorker({ backend });
  workers.push(worker);
  const card = { ...backend.card(), name: "test", version: "0", waitingMax: 64 };
  const { instanceId } = worker.server;
  const load = worker.server.load();
  const { workerId } = await controller.register({
    ...{ instanceId, address: worker.address, card, load },
  });
  return { ...worker, workerId };
}

/** The mock, whose every answer passes through `change`. */
function mockThrough(
  change: (
    events: AsyncIterable<GenerateEvent>,
    request: GenerateRequest,
  ) => AsyncIterable<GenerateEvent>,
  offer: object = {},
): Backend {
  const mock = createMockBackend({ models: [], slots: 4, tokenMs: 0 });
  return {
    ...mock,
    card: () => {
      const card = mock.card();
      return { ...card, models: card.models.map((it) => ({ ...it, ...offer })) };
    },
    generate: (request, signal) => change(mock.generate(request, signal), request),
  };
}

const lost = () => new AppError("worker-lost", { message: "The worker stopped." });

function testMeter(asked: string): Meter {
  return new Meter({ caller: ANONYMOUS_CALLER, endpoint: "test", asked, requestId: "request" });
}

type Asked = { changes?: Partial<GenerateRequest>; signal?: AbortSignal };

function toOptions(model: string, { changes = {}, signal = never }: Asked = {}) {
  const request = testRequest(model, { messages: [textMessage("user", WORDS)], ...changes });
  return { controller, request, signal, meter: testMeter(model), pinned: pinTo(model) };
}

async function readAll<Event>(events: AsyncIterable<Event>): Promise<Event[]> {
  const all: Event[] = [];
  for await (const event of events) all.push(event);
  return all;
}

const textOf = (events: readonly GenerationEvent[]) =>
  events.map((event) => (event.type === "text-delta" ? event.text : "")).join("");
const resumedIn = (events: readonly GenerationEvent[]) =>
  events.flatMap((event) => (event.type === "generation-resumed" ? [event] : []));

describe("an answer whose worker dies", () => {
  const DIES = "mock/dies-once-after-3-tokens";

  test("is told whole by another, charged once, and kept with what each wrote", async () => {
    const one = await addWorker({ models: [DIES] });
    const two = await addWorker({ models: [DIES] });
    const { meter, ...options } = toOptions(DIES);
    const { events, workerId, resumed } = await generate({ ...options, meter });
    const all = await readAll(events);
    expect(textOf(all)).toBe("This will end well, after all.");
    const other = workerId === one.workerId ? two.workerId : one.workerId;
    expect(resumedIn(all)).toEqual([
      { type: "generation-resumed", afterTokens: 3, workerId: other },
    ]);
    expect(resumed.times).toBe(1);
    const end = all.at(-1);
    if (end?.type !== "generation-end") throw new Error("the answer ended");
    expect(end).toMatchObject({ finishReason: "stop", usage: { completionTokens: 8 } });
    expect(end.timing.durationMs).toBeGreaterThanOrEqual(end.timing.firstTokenMs);
    expect(all.filter(({ type }) => type === "generation-start")).toHaveLength(1);
    expect(meter).toMatchObject({
      ...{ completionTokens: 8, promptTokens: end.usage.promptTokens, resumptions: 1 },
      workerId: other,
    });
    expect(toUsageRecord(meter).segments).toEqual([
      { workerId, tokens: 3 },
      { workerId: other, tokens: 5 },
    ]);
  });

  test("of which nobody else has the build ends with the error and its text", async () => {
    const { workerId: preferredWorkerId } = await addWorker({ models: [DIES] });
    await addWorker({ backend: mockThrough((events) => events, { build: "another build" }) });
    const { meter, ...options } = toOptions(DIES);
    const { events } = await generate({ ...options, meter, preferredWorkerId });
    const all = await readAll(events);
    expect(textOf(all)).toBe("This will end");
    expect(all.at(-1)).toMatchObject({
      type: "generation-error",
      code: "worker-lost",
      retryable: true,
    });
    expect(toUsageRecord(meter).segments).toBeNull();
  });

  test("takes no more than so many workers with it", async () => {
    const models = ["mock/dies-after-3-tokens"];
    for (let count = 0; count < RESUMPTIONS_MAX + 3; count++) await addWorker({ models });
    const all = await readAll((await generate(toOptions(models[0]!))).events);
    expect(textOf(all)).toBe("This will end");
    expect(all.at(-1)).toMatchObject({ type: "generation-error", code: "worker-lost" });
    const died = await Promise.all(
      workers.map(({ address }) =>
        fetch(`${address}/healthz`).then(
          () => 0,
          () => 1,
        ),
      ),
    );
    const deaths = died.reduce<number>((sum, it) => sum + it, 0);
    expect(deaths).toBeLessThanOrEqual(RESUMPTIONS_MAX + 1);
    expect(deaths).toBeGreaterThan(1);
  });

  test("one of several choices, and the others never know", async () => {
    await addWorker({ models: [DIES], slots: 1 });
    await addWorker({ models: [DIES], slots: 1 });
    await addWorker({ models: [DIES], slots: 1 });
    const options = toOptions(DIES);
    const { events, resumed } = await generateChoices(options, 2);
    const texts = ["", ""];
    for await (const { choice, event } of events) {
      if (event.type === "text-delta") texts[choice] += event.text;
    }
    expect(texts).toEqual(Array(2).fill("This will end well, after all."));
    expect(resumed.times).toBeGreaterThan(0);
    expect(options.meter.resumptions).toBe(resumed.times);
  });
});

describe("wherever it is cut off", () => {
  test.each(["worker-lost", "timeout", "upstream-invalid", "no-worker"] as const)(
    "between any two events by %s, the same is read",
    async (code) => {
      const request = { sampling: { seed: 5, temperature: 1 }, stop: ["word7 word9"] };
      await addWorker({ models: ["mock/echo"] });
      const whole = await readAll(
        (await generate(toOptions("mock/echo", { changes: request }))).events,
      );
      const eventCount = whole.length;
      const end = whole.at(-1);
      if (end?.type !== "generation-end") throw new Error("the answer ended");
      const { completionTokens } = end.usage;
      expect(eventCount).toBeGreaterThan(10);
      const cutMax = code === "worker-lost" ? eventCount : 4;
      for (let cut = 2; cut < cutMax; cut++) {
        let isFirst = true;
        const breaking = mockThrough(async function* (events) {
          let count = 0;
          for await (const event of events) {
            if (isFirst && count++ === cut) {
              isFirst = false;
              throw new AppError(code, { message: "It breaks off." });
            }
            yield event;
          }
        });
        const before = await addWorker({ backend: breaking });
        const { events, workerId } = await generate({
          ...toOptions("mock/echo", { changes: request }),
          preferredWorkerId: before.workerId,
        });
        const all = await readAll(events);
        expect(workerId).toBe(before.workerId);
        expect(resumedIn(all)).toHaveLength(1);
        expect(textOf(all), `cut at ${cut}`).toBe(textOf(whole));
        expect(all.at(-1)).toMatchObject({
          ...{ type: "generation-end", finishReason: "stop" },
          usage: { completionTokens },
        });
        await controller.leave(before.workerId, { instanceId: before.server.instanceId });
      }
    },
  );

  test("what a worker tells before it counts the token is told with it or anew, never twice", async () => {
    const tools = (from: number): GenerateEvent[] => [
      { type: "text-delta", text: "So: ", tokens: 2, tokenIds: [1, 2] },
      { type: "text-delta", text: "now", tokens: 0, tokenIds: [] },
      { type: "tool-call-start", index: 0, id: `call_${from}`, name: "now" },
      { type: "tool-call-delta", index: 0, text: "{", tokens: 1, tokenIds: [3] },
      { type: "tool-call-delta", index: 0, text: "}", tokens: 1, tokenIds: [4] },
    ];
    for (let cut = 1; cut <= 5; cut++) {
      let isFirst = true;
      const backend = mockThrough(async function* (_, { resume }) {
        const all = tools(isFirst ? 1 : 2);
        const told = resume?.tokenIds.length ?? 0;
        const counts = all.map((it) =>
          "tokens" in it && !("message" in it) ? Number(it.tokens) : 0,
        );
        let count = 0;
        yield {
          ...{ type: "generation-start", model: "mock/echo", build: "b", promptTokens: 1 },
          ...{ sampling: { temperature: 1, topP: 1, seed: 1 }, maxTokens: 9 },
        };
        for (const [index, event] of all.entries()) {
          if (isFirst && index === cut) {
            isFirst = false;
            throw lost();
          }
          const before = count;
          count += counts[index]!;
          if (before >= told) yield event;
        }
        if (isFirst) {
          isFirst = false;
          throw lost();
        }
        yield {
          ...{ type: "generation-end", finishReason: "tool-calls" },
          usage: { promptTokens: 1, completionTokens: 4 },
          timing: { queuedMs: 0, firstTokenMs: 1, durationMs: 2 },
        };
      });
      await addWorker({ backend });
      await addWorker({ backend });
      const all = await readAll((await generate(toOptions("mock/echo"))).events);
      expect(textOf(all)).toBe("So: now");
      expect(all.filter(({ type }) => type === "tool-call-start")).toHaveLength(1);
      const json = all.map((event) => (event.type === "tool-call-delta" ? event.text : ""));
      expect(json.join("")).toBe("{}");
      expect(all.at(-1)?.type).toBe("generation-end");
      await emptyTables(database.db, "workers", "models");
      controller = new Controller({ db: database.db });
    }
  });

  test("a worker that would go on with another answer is not believed", async () => {
    const other = mockThrough(async function* (events) {
      for await (const event of events) {
        yield event.type === "generation-start" ? { ...event, promptTokens: 1_000 } : event;
      }
    });
    const first = await addWorker({ models: ["mock/dies-once-after-3-tokens"] });
    await addWorker({ backend: other });
    const options = toOptions("mock/dies-once-after-3-tokens");
    const generation = await generate({ ...options, preferredWorkerId: first.workerId });
    const all = await readAll(generation.events);
    expect(textOf(all)).toBe("This will end");
    expect(all.at(-1)).toMatchObject({ type: "generation-error", code: "worker-lost" });
  });

  test("a worker that stops for good hands its answers over", async () => {
    const one = await addWorker({ models: ["mock/long"], tokenMs: 5 });
    const options = toOptions("mock/long", { changes: { maxTokens: 60 } });
    const { events } = await generate({ ...options, preferredWorkerId: one.workerId });
    await addWorker({ models: ["mock/long"] });
    const reading = readAll(events);
    await one.server.drain(AbortSignal.abort());
    const all = await reading;
    expect(resumedIn(all)).toHaveLength(1);
    expect(all.at(-1)).toMatchObject({
      ...{ type: "generation-end", finishReason: "length" },
      usage: { completionTokens: 60 },
    });
  });
});

describe("a worker that counts more than it may", () => {
  type Lie = (event: GenerateEvent) => unknown;
  /** Asks the one that lies first, and another one of the model that does not. */
  async function askLiar(lie: Lie) {
    const liar = await addWorker({
      backend: mockThrough(async function* (events) {
        for await (const event of events) {
          // What no worker of ours tells.
          yield (await lie(event)) as GenerateEvent;
        }
      }),
    });
    const honest = await addWorker();
    const ask = async () => {
      const options = toOptions("mock/echo", { changes: { maxTokens: 100 } });
      const generation = await generate({ ...options, preferredWorkerId: liar.workerId });
      const events = await readAll(generation.events);
      return { liar, honest, events, generation, meter: options.meter, ask };
    };
    return await ask();
  }

  test("is blamed for it", async () => {
    const { liar, ask } = await askLiar((it) => withUsage(it, { completionTokens: 101 }));
    for (let count = 1; count < 3; count++) await ask();
    expect(controller.breakerOf(liar.workerId)).toMatchObject({ state: "open", failures: 3 });
  });

  test.each<[string, Lie]>([
    ["a prompt longer than its context", (it) => withStart(it, { promptTokens: 1_000_000 })],
    ["more room than was asked for", (it) => withStart(it, { maxTokens: 101 })],
    ["a first token that counts for many", (it) => withTokens(it, 9e15)],
  ])("is passed over before its first token (%s)", async (_, lie) => {
    const { honest, events, generation, meter } = await askLiar(lie);
    expect(generation.workerId).toBe(honest.workerId);
    expect(textOf(events)).toBe(WORDS);
    expect(meter.completionTokens).toBe(14);
  });

  test.each<[string, Lie]>([
    ["in the end", (it) => withUsage(it, { completionTokens: 101 })],
    ["of its prompt in the end", (it) => withUsage(it, { promptTokens: 90_000 })],
    ["of what was cached", (it) => withUsage(it, { cachedPromptTokens: 90_000 })],
    [
      "in the middle",
      (it) => (it.type === "text-delta" && it.text.includes("word5") ? { ...it, tokens: 500 } : it),
    ],
  ])("is followed by another one that goes on (%s)", async (_, lie) => {
    const { honest, events, meter } = await askLiar(lie);
    expect(resumedIn(events)).toMatchObject([{ workerId: honest.workerId }]);
    expect(textOf(events)).toBe(WORDS);
    expect(events.at(-1)).toMatchObject({ type: "generation-end", finishReason: "stop" });
    expect(meter.completionTokens).toBe(14);
  });

  const withStart = (event: GenerateEvent, changes: object) =>
    event.type === "generation-start" ? { ...event, ...changes } : event;
  const withTokens = (event: GenerateEvent, tokens: number) =>
    event.type === "text-delta" ? { ...event, tokens } : event;
  const withUsage = (event: GenerateEvent, changes: object) =>
    event.type === "generation-end" ? { ...event, usage: { ...event.usage, ...changes } } : event;
});

test("a client that leaves while nobody is free yet stops the search", async () => {
  const model = "mock/dies-once-after-3-tokens";
  const one = await addWorker({ models: [model] });
  const client = new AbortController();
  const options = toOptions(model, { signal: client.signal });
  const { events } = await generate({ ...options, preferredWorkerId: one.workerId });
  const busy = mockThrough(async function* (events) {
    yield* events;
  });
  const two = await addWorker({ backend: busy });
  // Every place of the other one is taken from here.
  const held = Array.from({ length: 4 + 2 }, () =>
    controller.place(
      { model, features: [] },
      { passedOver: new Set([one.workerId]), maySuspect: true },
    ),
  );
  const reading = readAll(events);
  await vi.waitFor(() => expect(controller.inFlight(one.workerId)).toBe(0));
  client.abort();
  const all = await reading;
  expect(textOf(all)).toBe("This will end");
  expect(all.map(({ type }) => type)).not.toContain("generation-error");
  for (const place of held) if (place.kind === "taken") place.reservation.release();
  expect(two.server.load().counters.requests).toBe(0);
});
