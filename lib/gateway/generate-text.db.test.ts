/**
 * Goal: the platform's own questions are answered whole, or end with an error that says why, in time and charged
 * to whom they are for. Method: a real registry and a real worker, whose models say, fail and wait on purpose.
 */
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from "vitest";

vi.hoisted(() => {
  process.env.PARLEY_WORKER_SECRET = "a secret of the tests";
});

import { TRIAL_CALLER } from "@/lib/auth/api-caller";
import { type Catalog, readCatalog } from "@/lib/catalog/catalog";
import { Controller } from "@/lib/controller/controller";
import { ChangeFeed } from "@/lib/db/change-feed";
import { LiveCopy } from "@/lib/db/live-copy";
import { createTestDatabase, type TestDatabase } from "@/lib/db/testing";
import { textMessage } from "@/lib/protocol/message";
import { usageLedger } from "@/lib/usage/ledger";
import type { Meter } from "@/lib/usage/meter";
import { processSingleton } from "@/lib/util/process-singleton";
import { createMockBackend } from "@/worker/backends/mock";
import { startTestWorker, type TestWorker } from "@/worker/server-testing";
import { generateText } from "./generate-text";
import { Router } from "./router";

const MODELS = ["mock/echo", "mock/slow", "mock/fails-after-3-tokens", "mock/rejects"];

let database: TestDatabase;
let feed: ChangeFeed;
let controller: Controller;
let worker: TestWorker;
/** Of each answer, once it has ended. */
let closed: Meter[];

beforeAll(async () => {
  database = await createTestDatabase();
  feed = new ChangeFeed(database.url);
  const read = () => readCatalog(database.db);
  const catalog = new LiveCopy<Catalog>({ feed, topic: "catalog", read, whenAway: "keep" });
  const ratings = { get: async () => new Map<string, number>() };
  processSingleton("router", () => new Router({ db: database.db, catalog, ratings }));
  controller = new Controller({ db: database.db });
  const backend = createMockBackend({ models: MODELS, slots: 4 });
  worker = await startTestWorker({ backend });
  const card = { ...backend.card(), name: "test", version: "0", waitingMax: 4 };
  const { address, server } = worker;
  await controller.register({ instanceId: server.instanceId, address, card, load: server.load() });
});
afterAll(async () => {
  await worker.close();
  await feed.close();
  await database.drop();
});
beforeEach(() => {
  closed = [];
  const ledger = usageLedger();
  const close = ledger.close.bind(ledger);
  vi.spyOn(ledger, "close").mockImplementation((meter) => {
    closed.push(meter);
    close(meter);
  });
});
afterEach(async () => {
  vi.restoreAllMocks();
  await vi.waitFor(() => expect(controller.inFlight()).toBe(0));
});

type Ask = { prompt?: string; maxTokens?: number; msMax?: number; signal?: AbortSignal };

function ask(model: string, { prompt = "a b c", maxTokens = 100, ...more }: Ask = {}) {
  return generateText({
    ...{ controller, caller: TRIAL_CALLER, endpoint: "trial", msMax: 60_000 },
    signal: new AbortController().signal,
    ...more,
    request: { model, maxTokens, messages: [textMessage("user", prompt)] },
  });
}
const account = () => closed.map(({ caller, outcome }) => [caller.owner, outcome]);

test("an answer is read whole, and charged to whom it is for", async () => {
  expect(await ask("mock/echo")).toBe("a b c");
  expect(account()).toEqual([["trial", "complete"]]);
  expect(closed[0]?.completionTokens).toBeGreaterThan(0);
});

test("an answer is no longer than what was asked for", async () => {
  const prompt = "word ".repeat(50);
  expect((await ask("mock/echo", { prompt, maxTokens: 5 })).length).toBeLessThan(prompt.length / 2);
});

test.each([
  ["mock/rejects", "before an answer"],
  ["mock/fails-after-3-tokens", "in the middle of one"],
  ["nobody/offers-it", "where nobody offers the model"],
])("%s: an error %s is thrown with its code, and written down", async (model) => {
  const thrown = await ask(model).catch((error: unknown) => error);
  expect(thrown).toMatchObject({ name: "AppError", code: expect.stringMatching(/./) });
  expect(account()).toEqual([["trial", (thrown as { code: string }).code]]);
});

test("an answer that takes too long is ended at the worker, and says how long was too long", async () => {
  await expect(ask("mock/slow", { msMax: 30 })).rejects.toMatchObject({
    code: "timeout",
    message: "mock/slow gave no answer within 0.03 s.",
  });
  expect(account()).toEqual([["trial", "timeout"]]);
  await vi.waitFor(() => expect(worker.server.load().running).toBe(0));
});

test("who leaves is thrown their own reason, and it is no failure of the model's", async () => {
  const left = new AbortController();
  const reason = new Error("The page was closed.");
  const asked = ask("mock/slow", { signal: left.signal });
  await vi.waitFor(() => expect(worker.server.load().running).toBe(1));
  left.abort(reason);
  await expect(asked).rejects.toBe(reason);
  expect(account()).toEqual([["trial", "cancelled"]]);
  await vi.waitFor(() => expect(worker.server.load().running).toBe(0));
});

test("who has left already asks nobody", async () => {
  const reason = new Error("The page was closed.");
  await expect(ask("mock/echo", { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  expect(closed[0]?.attempts).toBe(0);
});
