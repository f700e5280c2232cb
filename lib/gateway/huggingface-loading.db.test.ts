/**
 * Goal: who asks a model that its host loads first is told so by way of the gateway, gets the whole answer, and
 * is waited for no longer than they want it; the card says it meanwhile.
 * Method: a real registry, the gateway, and a worker's server with the huggingface backend before an endpoint that
 * is scaled to zero.
 */
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from "vitest";

vi.hoisted(() => {
  process.env.PARLEY_WORKER_SECRET = "a secret of the tests";
});

import { ANONYMOUS_CALLER } from "@/lib/auth/api-caller";
import { Controller } from "@/lib/controller/controller";
import { createTestDatabase, emptyTables, type TestDatabase } from "@/lib/db/testing";
import type { GenerationEvent, GenerationWaiting } from "@/lib/protocol/generate-event";
import { Meter } from "@/lib/usage/meter";
import { Stop } from "@/lib/util/stop";
import { type Hosted, startHosted } from "@/worker/backends/huggingface-testing";
import { startTestWorker, testRequest } from "@/worker/server-testing";
import { pinTo } from "./candidate";
import { generate } from "./generate";

const MODEL = "shown";
const ends: (() => Promise<void>)[] = [];
let database: TestDatabase;
let controller: Controller;
let hosted: Hosted;
/** As a worker does whenever its card has changed. */
let register: () => Promise<void>;

beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());
beforeEach(async () => {
  await emptyTables(database.db, "workers", "models");
  controller = new Controller({ db: database.db });
  hosted = await startHosted({ scalesToZero: true });
  const { backend } = hosted;
  const worker = await startTestWorker({ backend });
  ends.push(hosted.close, worker.close);
  register = async () => {
    await controller.register({
      ...{ instanceId: worker.server.instanceId, address: worker.address },
      card: { ...backend.card(), name: "test", version: "0", waitingMax: 64 },
      load: worker.server.load(),
    });
  };
  await register();
});
afterEach(async () => {
  await vi.waitFor(() => expect(controller.inFlight()).toBe(0));
  for (const end of ends.splice(0).reverse()) await end();
});

function ask(onWaiting: (event: GenerationWaiting) => void, signal = new Stop()) {
  return generate({
    ...{ controller, request: testRequest(MODEL), signal, pinned: pinTo(MODEL), onWaiting },
    meter: new Meter({
      ...{ caller: ANONYMOUS_CALLER, endpoint: "test", asked: MODEL, requestId: "request" },
    }),
  });
}

test("the wait is told, and the answer whole", async () => {
  hosted.server.setCold({ answers: 2, as: "loading", estimateSeconds: 0.01 });
  const waits: GenerationWaiting[] = [];
  const cards: unknown[] = [];
  const { events } = await ask((event) => {
    waits.push(event);
    cards.push(hosted.backend.card().models[0]?.isLoading);
  });
  const all: GenerationEvent[] = [];
  for await (const event of events) all.push(event);
  expect(waits).toEqual(
    Array(2).fill({ type: "generation-waiting", reason: "loading", estimateSeconds: 0.01 }),
  );
  expect(cards[0]).toBe(true);
  expect(hosted.backend.card().models[0]?.isLoading).toBeUndefined();
  expect(all.at(-1)).toMatchObject({ type: "generation-end", finishReason: "stop" });
});

test("a client that leaves while it waits ends the wait at the worker", async () => {
  hosted.server.setCold({ answers: Number.POSITIVE_INFINITY, as: "waking" });
  const signal = new Stop();
  const left = ask(() => signal.abort(new DOMException("The client left.", "AbortError")), signal);
  await expect(left).rejects.toMatchObject({ code: "client-closed" });
  await vi.waitFor(() => expect(hosted.backend.card().models[0]?.isLoading).toBeUndefined());
  expect(hosted.server.asked).toHaveLength(1);
});

test("keepers see in the registry that a model is being loaded", async () => {
  hosted.server.setCold({ answers: Number.POSITIVE_INFINITY, as: "waking" });
  const signal = new Stop();
  const isLoading = async () => (await controller.listWorkers())[0]?.models[0]?.isLoading;
  expect(await isLoading()).toBe(false);
  const waits: GenerationWaiting[] = [];
  const asked = ask((event) => waits.push(event), signal);
  await vi.waitFor(() => expect(waits).not.toEqual([]));
  await register();
  await vi.waitFor(async () => expect(await isLoading()).toBe(true));
  signal.abort(new DOMException("The client left.", "AbortError"));
  await expect(asked).rejects.toMatchObject({ code: "client-closed" });
});
