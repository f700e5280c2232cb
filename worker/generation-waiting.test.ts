/**
 * Goal: a wait before an answer's start reaches the web as soon as it begins, beside the events and not among
 * them, and an abort ends it.
 * Method: a worker's server over HTTP with a backend that waits until the test lets it go on.
 */
import { afterEach, expect, test } from "vitest";
import type { GenerateEvent, GenerationWaiting } from "@/lib/protocol/generate-event";
import { WorkerClient } from "@/lib/protocol/worker-client";
import { Stop } from "@/lib/util/stop";
import type { Backend } from "./backend";
import { createMockBackend } from "./backends/mock";
import { startTestWorker, TEST_SECRET, type TestWorker, testRequest } from "./server-testing";

const LOADING: GenerationWaiting = {
  ...{ type: "generation-waiting", reason: "loading", estimateSeconds: 20 },
};
const client = new WorkerClient();
let worker: TestWorker | undefined;

afterEach(async () => {
  await worker?.close();
});

/** A promise and what settles it. */
function later<T = void>(): { promise: Promise<T>; resolve: (value: T) => void } {
  let resolve: (value: T) => void = () => undefined;
  const promise = new Promise<T>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}

/** The mock, after a wait that `go` ends. */
function waitingBackend(): { backend: Backend; go: () => void; aborted: Promise<void> } {
  const mock = createMockBackend({ models: [], slots: 2, tokenMs: 0 });
  const going = later();
  const aborted = later();
  const generate: Backend["generate"] = async function* (request, signal, onWaiting) {
    onWaiting?.(LOADING);
    signal.addEventListener("abort", () => {
      aborted.resolve();
      going.resolve();
    });
    await going.promise;
    yield* mock.generate(request, signal);
  };
  return { backend: { ...mock, generate }, go: going.resolve, aborted: aborted.promise };
}

async function begin(signal: Stop, isWhole = false) {
  const { backend, go, aborted } = waitingBackend();
  worker = await startTestWorker({ backend });
  const [model] = backend.card().models;
  if (!model) throw new Error("the mock has models");
  const told = later<GenerationWaiting>();
  const call = { secret: TEST_SECRET, signal, isWhole, onWaiting: told.resolve };
  const events = await client.generate(worker.address, testRequest(model.name), call);
  return { events, waiting: await told.promise, go, aborted };
}

test.each([false, true])(
  "told at once, also to who wants the answer whole: %s",
  async (isWhole) => {
    const { events, waiting, go } = await begin(new Stop(), isWhole);
    expect(waiting).toEqual(LOADING);
    go();
    const all: GenerateEvent[] = [];
    for await (const event of events) all.push(event);
    expect(all[0]?.type).toBe("generation-start");
    expect(all.at(-1)?.type).toBe("generation-end");
  },
);

test("who leaves while it waits is waited for no longer", async () => {
  const stop = new Stop();
  const { events, aborted } = await begin(stop);
  stop.abort(new DOMException("The reader left.", "AbortError"));
  await expect(events.next()).rejects.toMatchObject({ code: "client-closed" });
  await aborted;
  expect(worker).toBeDefined();
});

test("who does not ask for it hears nothing of a wait", async () => {
  const { backend, go } = waitingBackend();
  worker = await startTestWorker({ backend });
  const [model] = backend.card().models;
  if (!model) throw new Error("the mock has models");
  const call = { secret: TEST_SECRET, signal: new Stop() };
  const events = await client.generate(worker.address, testRequest(model.name), call);
  go();
  const types: string[] = [];
  for await (const event of events) types.push(event.type);
  expect(types[0]).toBe("generation-start");
  const reply = await fetch(`${worker.address}/generate`, {
    method: "POST",
    headers: { authorization: `Bearer ${TEST_SECRET}`, "content-type": "application/json" },
    body: JSON.stringify(testRequest(model.name)),
  });
  expect(await reply.text()).not.toContain("generation-waiting");
});
