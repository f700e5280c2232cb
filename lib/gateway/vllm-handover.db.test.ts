/**
 * Goal: an answer whose vLLM is killed is given by another worker of the model while nobody has read a word of
 * it, goes on there afterwards where its tokens alone decide it, and else ends with an error that leaves its text.
 * Method: a real registry, the gateway, and two real worker servers with the vllm backend before stand-ins.
 */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";

vi.hoisted(() => {
  process.env.PARLEY_WORKER_SECRET = "a secret of the tests";
});

import { ANONYMOUS_CALLER } from "@/lib/auth/api-caller";
import { Controller } from "@/lib/controller/controller";
import { createTestDatabase, emptyTables, type TestDatabase } from "@/lib/db/testing";
import type { GenerationEnd, GenerationEvent } from "@/lib/protocol/generate-event";
import type { GenerateRequest } from "@/lib/protocol/generate-request";
import {
  type OpenAiServer,
  type OpenAiServerOptions,
  startOpenAiServer,
} from "@/lib/stand-ins/openai-server";
import { log as realLog } from "@/lib/telemetry/log";
import { Meter } from "@/lib/usage/meter";
import { toUsageRecord } from "@/lib/usage/record-book";
import { Stop } from "@/lib/util/stop";
import { createVllmBackend } from "@/worker/backends/vllm";
import { startTestWorker, testRequest } from "@/worker/server-testing";
import { pinTo } from "./candidate";
import { generate } from "./generate";

const MODEL = "org/lantern";
const log = realLog.child({}, { level: "silent" });
const ends: (() => Promise<void>)[] = [];
/** Ends the vLLM of a worker. */
const ended = new Map<string, () => Promise<void>>();
let database: TestDatabase;
let controller: Controller;

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
  for (const end of ends.splice(0).reverse()) await end();
});

async function addWorker(options: Partial<OpenAiServerOptions> = {}): Promise<OpenAiServer> {
  const models = [{ id: MODEL, contextLength: 2_048, kind: "chat" as const, reasons: true }];
  const engine = await startOpenAiServer({ guise: "vllm", models, tokenMs: 5, ...options });
  const backend = await createVllmBackend(
    {
      ...{ server: { baseUrl: engine.baseUrl }, headers: () => ({}), models: [] },
      ...{ honours: [], lacks: [] },
    },
    { log, signal: new AbortController().signal },
  );
  const worker = await startTestWorker({ backend });
  ends.push(engine.close, () => backend.close(), worker.close);
  const { workerId } = await controller.register({
    ...{ instanceId: worker.server.instanceId, address: worker.address },
    card: { ...backend.card(), name: "test", version: "0", waitingMax: 64 },
    load: worker.server.load(),
  });
  ended.set(workerId, engine.close);
  return engine;
}

/** The question what its model can comes whole. */
const isAnswer = ({ body }: { body: unknown }) =>
  JSON.stringify(body ?? {}).includes('"stream":true');
const isRest = ({ path }: { path: string }) => path === "/v1/completions";
/** Answers that it was asked for. */
const answersOf = ({ asked }: OpenAiServer) => asked.filter(isAnswer).length;

type Changes = Partial<GenerateRequest>;

async function ask(changes: Changes = {}) {
  const caller = ANONYMOUS_CALLER;
  const meter = new Meter({ caller, endpoint: "test", asked: MODEL, requestId: "request" });
  // Without a switch of its own the model thinks before it answers.
  const request = testRequest(MODEL, { thinking: "off", ...changes });
  const generation = await generate({
    ...{ controller, request, signal: new Stop(), pinned: pinTo(MODEL), meter },
  });
  return { ...generation, meter };
}

const textOf = (events: readonly GenerationEvent[]) =>
  events.map((it) => (it.type === "text-delta" ? it.text : "")).join("");
const resumedIn = (events: readonly GenerationEvent[]) =>
  events.flatMap((event) => (event.type === "generation-resumed" ? [event] : []));

/** Sends what it has of an answer, until it has sent so many deltas; then the connection breaks. */
async function readTo(deltas: number, { changes, type = "text-delta" }: Reading) {
  const asked = await ask(changes);
  const events: GenerationEvent[] = [];
  let count = 0;
  for await (const event of asked.events) {
    events.push(event);
    if (event.type !== type || ++count !== deltas) continue;
    await ended.get(asked.workerId)?.();
  }
  return { ...asked, events };
}
type Reading = { changes?: Changes; type?: GenerationEvent["type"] };

test.each([
  { head: "silent", hasHead: false },
  { head: "with its head out", hasHead: true },
])("before the first word another worker takes over unseen: $head", async ({ hasHead }) => {
  const engines: OpenAiServer[] = [];
  let isHeld = false;
  const handle: OpenAiServerOptions["handle"] = ({ asked, openEvents }) => {
    if (!isAnswer(asked) || isHeld) return false;
    isHeld = true;
    // The first to be asked says nothing more until it is killed.
    if (hasHead) openEvents();
    return true;
  };
  for (let index = 0; index < 2; index++) engines.push(await addWorker({ handle }));
  const answering = ask();
  await vi.waitFor(() => expect(isHeld).toBe(true));
  await engines.find((it) => answersOf(it) === 1)?.close();
  const events: GenerationEvent[] = [];
  for await (const event of (await answering).events) events.push(event);
  expect(events.filter(({ type }) => type === "generation-start")).toHaveLength(1);
  expect(events.at(-1)).toMatchObject({ type: "generation-end", finishReason: "stop" });
  expect(textOf(events).split(" ").length).toBeGreaterThan(10);
  expect(engines.map(answersOf)).toEqual([1, 1]);
});

describe("after it another worker goes on", () => {
  const GREEDY = { sampling: { temperature: 0 } };

  test("so that the reader has one answer, charged once, and each part is kept", async () => {
    await addWorker();
    await addWorker();
    const { events: whole } = await readTo(0, { changes: GREEDY });
    const end = whole.at(-1);
    if (end?.type !== "generation-end") throw new Error("the answer ended");
    const { workerId, resumed, meter, events } = await readTo(3, { changes: GREEDY });
    expect(textOf(events)).toBe(textOf(whole));
    expect(events.at(-1)).toMatchObject({
      ...{ type: "generation-end", finishReason: "stop" },
      usage: {
        promptTokens: end.usage.promptTokens,
        completionTokens: end.usage.completionTokens,
      },
    });
    expect(resumed.times).toBe(1);
    const [told] = resumedIn(events);
    expect(told?.workerId).not.toBe(workerId);
    const { promptTokens, completionTokens } = end.usage;
    expect(meter).toMatchObject({ promptTokens, completionTokens, resumptions: 1 });
    const before = told?.afterTokens ?? 0;
    expect(before).toBeGreaterThanOrEqual(3);
    expect(toUsageRecord(meter).segments).toEqual([
      { workerId, tokens: before },
      { workerId: told?.workerId, tokens: completionTokens - before },
    ]);
  });

  const CUTS = 12;
  test.each<[string, Changes]>([
    ["an answer", {}],
    ["one with stop strings", { stop: ["no such words", "\u0000"] }],
    ["one that is to be so long", { maxTokens: CUTS + 2 }],
    ["one after reasoning", { splitReasoning: true, thinking: "on" }],
    ["a text", { messages: [], prompt: "user: Tell me.\nassistant:", thinking: undefined }],
  ])("wherever it is cut: %s", async (_, changes) => {
    const wish = { ...GREEDY, maxTokens: 40, ...changes };
    await addWorker();
    await addWorker();
    const { events: whole } = await readTo(0, { changes: wish });
    const words = textOf(whole).split(" ");
    expect(words.length).toBeGreaterThan(CUTS);
    for (let cut = 1; cut <= CUTS; cut++) {
      await addWorker();
      const { events } = await readTo(cut, { changes: wish });
      expect(textOf(events), `cut after ${cut}`).toBe(textOf(whole));
      expect(resumedIn(events), `cut after ${cut}`).toHaveLength(1);
      const { finishReason, usage } = whole.at(-1) as GenerationEnd;
      const { promptTokens, completionTokens } = usage;
      expect(events.at(-1)).toMatchObject({
        ...{ finishReason, usage: { promptTokens, completionTokens } },
      });
    }
  });

  test("a stop string that begins before the cut is found after it", async () => {
    await addWorker();
    await addWorker();
    const { events: whole } = await readTo(0, { changes: GREEDY });
    const words = textOf(whole).split(" ");
    const stop = [` ${words.slice(4, 8).join(" ")}`];
    for (let cut = 1; cut <= 4; cut++) {
      await addWorker();
      const { events } = await readTo(cut, { changes: { ...GREEDY, stop } });
      expect(textOf(events)).toBe(words.slice(0, 4).join(" "));
      expect(resumedIn(events)).toHaveLength(1);
      expect(events.at(-1)).toMatchObject({ finishReason: "stop", stopString: stop[0] });
    }
  });

  test("with what the request says of sampling, and nothing that a worker made up", async () => {
    const engines = [await addWorker(), await addWorker()];
    await readTo(3, { changes: { sampling: { topK: 5 }, minTokens: 10 } });
    const rest = engines.flatMap(({ asked }) => asked.filter(isAnswer)).find(isRest);
    expect(rest?.body).toMatchObject({ top_k: 5 });
    expect(rest?.body).not.toHaveProperty("temperature");
    expect(rest?.body).not.toHaveProperty("top_p");
    expect(rest?.body).not.toHaveProperty("seed");
    const { min_tokens: least } = (rest?.body ?? {}) as { min_tokens?: number };
    expect(least).toBeLessThanOrEqual(7);
  });
});

const tools = [{ name: "weather_of", parameters: { type: "object" } }];

describe("the answer ends with an error, and what was said stays", () => {
  async function expectError(reading: Reading & { deltas?: number }) {
    const { events, resumed } = await readTo(reading.deltas ?? 2, reading);
    expect(resumed.times).toBe(0);
    expect(events.at(-1)).toMatchObject({
      ...{ type: "generation-error", code: "worker-lost", retryable: true },
    });
    return events;
  }

  test.each<[string, Changes]>([
    ["with a seed", { sampling: { seed: 7, temperature: 1 } }],
    ["with a penalty on what was said", { sampling: { frequencyPenalty: 0.5 } }],
    ["with another one", { sampling: { presencePenalty: 0.5 } }],
    ["with log-probabilities", { logProbabilityCount: 1 }],
    ["with a form", { grammar: { type: "json-object" } }],
    ["with tools", { toolRequest: { tools, choice: "auto", isParallel: true } }],
    ["with a least length before its stop strings", { minTokens: 5, stop: ["no such words"] }],
  ])("%s", async (_, changes) => {
    const engines = [await addWorker(), await addWorker()];
    expect(textOf(await expectError({ changes }))).not.toBe("");
    // Nobody was asked for the ids of tokens that are of no use.
    const bodies = engines.flatMap(({ asked }) => asked.filter(isAnswer).map(({ body }) => body));
    expect(bodies).toHaveLength(1);
    if (!("logProbabilityCount" in changes)) {
      expect(JSON.stringify(bodies)).not.toContain("return_token_ids");
    }
  });

  test("while it reasons", async () => {
    await addWorker();
    await addWorker();
    const changes = { splitReasoning: true, thinking: "on" as const };
    const events = await expectError({ changes, type: "reasoning-delta" });
    expect(events.some(({ type }) => type === "reasoning-delta")).toBe(true);
  });

  test.each<[string, OpenAiServerOptions["engineFlags"]]>([
    ["has other weights", { root: "org/another" }],
    ["has the same in another form", { fingerprint: "vllm-0.20.0-aaaaaaaa" }],
    ["is too old for it", { hasNoTokenIds: true }],
    ["has files of which nobody knows", { root: "/models/current" }],
  ])("where the only other worker %s", async (_, engineFlags) => {
    const first = await addWorker();
    const other = await addWorker({ engineFlags });
    while (answersOf(first) === 0) {
      const { workerId, events, resumed } = await readTo(2, {});
      expect(resumed.times).toBe(0);
      expect(textOf(events)).not.toBe("");
      if (answersOf(first) > 0) expect(events.at(-1)?.type).toBe("generation-error");
      else {
        // Chance gave it to the other one, which is gone now.
        expect(workerId).toBeDefined();
        await addWorker({ engineFlags });
      }
    }
    expect(answersOf(other)).toBeLessThanOrEqual(1);
  });

  test("where the other one refuses to go on, which it is asked once", async () => {
    let refused = 0;
    const handle: OpenAiServerOptions["handle"] = ({ asked, sendJson }) => {
      if (!isAnswer(asked) || !isRest(asked)) return false;
      refused += 1;
      const message = "The prompt is not understood.";
      sendJson({ error: { message, type: "BadRequestError", param: null, code: 400 } }, 400);
      return true;
    };
    await addWorker({ handle });
    await addWorker({ handle });
    await addWorker({ handle });
    const events = await expectError({});
    expect(textOf(events)).not.toBe("");
    expect(refused).toBe(1);
  });
});
