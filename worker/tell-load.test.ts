/** Goal: whoever asks a worker hears its load with the answer. Method: real sockets, answers that wait for the test. */
import { afterEach, expect, test } from "vitest";
import { LOAD_HEADER, readLoadHeader } from "@/lib/protocol/load-header";
import type { LiveLoadReport } from "@/lib/protocol/registration";
import { WorkerClient } from "@/lib/protocol/worker-client";
import { createMockBackend } from "./backends/mock";
import { startTestWorker, TEST_SECRET, type TestWorker, testRequest } from "./server-testing";
import { tellLoad, tellLoadWithoutOne } from "./tell-load";
import { WorkMeter } from "./work-meter";

let worker: TestWorker;
const client = new WorkerClient();
afterEach(() => worker.close());

const call = () => ({ secret: TEST_SECRET, signal: new AbortController().signal });

test("the start of an answer tells the load with it, the end the load without it", async () => {
  const backend = createMockBackend({ models: ["mock/echo", "mock/never"], slots: 2, tokenMs: 0 });
  worker = await startTestWorker({ backend });
  const never = await client.generate(worker.address, testRequest("mock/never"), call());
  expect((await never.next()).value).toMatchObject({ type: "generation-start" });
  const loads: (LiveLoadReport | undefined)[] = [];
  const events = await client.generate(worker.address, testRequest("mock/echo"), call());
  for await (const event of events) {
    if (event.type === "generation-start" || event.type === "generation-end")
      loads.push(event.load);
  }
  const [atStart, atEnd] = loads;
  expect(atStart).toMatchObject({ running: 2, waiting: 0 });
  expect(atEnd).toMatchObject({ running: 1, waiting: 0 });
  expect(atEnd?.outstandingTokens).toBeGreaterThan(0);
  expect(atStart?.outstandingTokens).toBeGreaterThan(atEnd?.outstandingTokens ?? Infinity);
  await never.return(undefined);
  await worker.whenIdle();
  expect(worker.server.load()).toMatchObject({ running: 0, waiting: 0, outstandingTokens: 0 });
});

test("an answer that is no stream tells it in a header, without the request it answers", async () => {
  const backend = createMockBackend({ models: ["mock/echo"], slots: 2, tokenMs: 0 });
  worker = await startTestWorker({ backend });
  const loads: LiveLoadReport[] = [];
  const request = { requestId: "r", model: "mock/echo", inputs: ["one two", "three"] };
  await client.embed(worker.address, request, { ...call(), onLoad: (load) => loads.push(load) });
  expect(loads).toEqual([{ running: 0, waiting: 0, outstandingTokens: 0 }]);
});

test("a slot that comes free is taken by who waits", () => {
  const meter = new WorkMeter();
  expect(tellLoad({ running: 2, waiting: 3 }, meter)).toMatchObject({ running: 2, waiting: 3 });
  const without = tellLoadWithoutOne({ running: 2, waiting: 3 }, meter);
  expect(without).toMatchObject({ running: 2, waiting: 2 });
  expect(tellLoadWithoutOne({ running: 2, waiting: 0 }, meter)).toMatchObject({ running: 1 });
});

test.each([undefined, "", "{", '{"running":-1}', "[]", ["a", "b"]])(
  `%j in ${LOAD_HEADER} is no load, and no fault of the answer`,
  (header) => expect(readLoadHeader(header)).toBeUndefined(),
);
