/**
 * Goal: who waits for a model that works in silence can tell it from one that hangs, and nobody waits for the rest of
 * an answer whose beginning is there.
 * Method: a backend whose work the test does, behind a real server.
 */
import { ServerResponse } from "node:http";
import { afterEach, expect, test, vi } from "vitest";
import { paths } from "@/lib/paths";
import { DELIVERY_HEADER, WHOLE_DELIVERY } from "@/lib/protocol/delivery";
import type { GenerateEvent } from "@/lib/protocol/generate-event";
import { WorkerClient } from "@/lib/protocol/worker-client";
import { createMockBackend } from "./backends/mock";
import { startTestWorker, TEST_SECRET, type TestWorker, testRequest } from "./server-testing";

let worker: TestWorker;
const clients: WorkerClient[] = [];
afterEach(async () => {
  vi.restoreAllMocks();
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

/** What is written of an answer that a server has said in one go, write by write. */
async function readWrites(more: Record<string, string> = {}): Promise<string[]> {
  const mock = createMockBackend({ models: ["mock/echo"], slots: 1 });
  const sampling = { temperature: 1, topP: 1 };
  async function* generate(): AsyncGenerator<GenerateEvent> {
    yield { type: "generation-start", model: "mock/echo", build: "b", sampling, maxTokens: 9 };
    for (const text of ["one ", "two ", "three"]) yield { type: "text-delta", text, tokens: 1 };
    yield {
      ...{ type: "generation-end", finishReason: "stop" },
      usage: { promptTokens: 1, completionTokens: 3 },
      timing: { queuedMs: 0, firstTokenMs: 1, durationMs: 1 },
    };
  }
  worker = await startTestWorker({ backend: { ...mock, generate } });
  // The worker of the test before may still be writing its last words.
  const headers = { "content-type": "application/json", authorization: `Bearer ${TEST_SECRET}` };
  const isOurs = ({ req }: ServerResponse) => req.headers.host === new URL(worker.address).host;
  const writes: string[] = [];
  const { write, end } = ServerResponse.prototype;
  vi.spyOn(ServerResponse.prototype, "write").mockImplementation(function (
    this: ServerResponse,
    text: string,
  ) {
    if (isOurs(this)) writes.push(text);
    return write.call(this, text, "utf8");
  });
  vi.spyOn(ServerResponse.prototype, "end").mockImplementation(function (
    this: ServerResponse,
    text?: string,
  ) {
    if (text !== undefined && isOurs(this)) writes.push(text);
    return end.call(this, text, "utf8");
  });
  const reply = await fetch(`${worker.address}${paths.worker.generate}`, {
    method: "POST",
    headers: { ...headers, ...more },
    body: JSON.stringify(testRequest("mock/echo")),
  });
  expect(await reply.text()).toBe(writes.join(""));
  return writes;
}

const typesOf = (text: string) =>
  text
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line).type as string);

test("the first piece leaves before the others are read", async () => {
  const [first = "", ...rest] = await readWrites();
  expect(typesOf(first)).toEqual(["generation-start", "text-delta"]);
  expect(rest.map(typesOf)).toEqual([["text-delta", "text-delta", "generation-end"]]);
});

test("of an answer that is wanted whole it waits for the rest", async () => {
  expect(await readWrites({ [DELIVERY_HEADER]: WHOLE_DELIVERY })).toHaveLength(1);
});
