/**
 * Goal: who waits for a model that works in silence can tell it from one that hangs.
 * Method: a backend whose work the test does, behind a real server.
 */
import { afterEach, expect, test } from "vitest";
import { WorkerClient } from "@/lib/protocol/worker-client";
import { createMockBackend } from "./backends/mock";
import { startTestWorker, TEST_SECRET, type TestWorker, testRequest } from "./server-testing";

let worker: TestWorker;
const clients: WorkerClient[] = [];
afterEach(async () => {
  for (const client of clients.splice(0)) await client.close();
  await worker.close();
});

/** What a client hears that gives up after a second of silence, from a model that says nothing. */
async function listen(work: () => number, until: AbortSignal): Promise<unknown> {
  const backend = createMockBackend({ models: ["mock/never"], slots: 1 });
  const limits = { progressMs: 20 };
  worker = await startTestWorker({ backend: { ...backend, passCount: work }, limits });
  const client = new WorkerClient({ silenceMsMax: 1_000 });
  clients.push(client);
  const call = { secret: TEST_SECRET, signal: until };
  const events = await client.generate(worker.address, testRequest("mock/never"), call);
  try {
    for await (const event of events) expect(event.type).toBe("generation-start");
  } catch (error) {
    return error;
  }
  throw new Error("the model never says a word");
}

test("a model that works keeps its stream, however long it says nothing", async () => {
  const leave = new AbortController();
  let passes = 0;
  const work = () => {
    // Two seconds of silence, as far as the client can tell.
    if (++passes === 100) leave.abort();
    return passes;
  };
  expect(await listen(work, leave.signal)).toMatchObject({ code: "client-closed" });
});

test("one that hangs is given up", async () => {
  const stuck = await listen(() => 7, new AbortController().signal);
  expect(stuck).toMatchObject({ code: "timeout" });
});
