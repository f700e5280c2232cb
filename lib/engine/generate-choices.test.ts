import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { Engine, type EngineRequest } from "./engine";
import { type ChoiceCounts, type ChoiceEvent, generateChoices } from "./generate-choices";
import { collect } from "./testing";

const FOLDER = join(import.meta.dirname, "../../models/pico-s");
const never = new AbortController().signal;

let engine: Engine;
beforeAll(async () => {
  engine = await Engine.load(FOLDER, { threadCount: 1, slotCount: 4, chunkTokens: 8 });
});
afterAll(() => engine.close());

const request: EngineRequest = {
  messages: [{ role: "user", content: "Tell me a story about a robot and a lantern." }],
  sampling: { temperature: 1.5, seed: 11 },
  stop: [],
  maxTokens: 12,
};

async function run(counts: ChoiceCounts, changes: Partial<EngineRequest> = {}) {
  const events: ChoiceEvent[] = [];
  const whole = { ...request, ...changes } as EngineRequest;
  for await (const event of generateChoices(engine, whole, counts, never)) events.push(event);
  const texts: string[] = [];
  const ends = events.filter(({ event }) => event.type === "sequence-end");
  for (const { choice, event } of events) {
    if (event.type === "text-delta") texts[choice] = (texts[choice] ?? "") + event.text;
  }
  return { events, texts, ends };
}

test("several answers differ, come again by the seed, and the first is the one that comes alone", async () => {
  const { texts, ends } = await run({ n: 5 });
  expect(new Set(texts).size).toBe(5);
  expect(ends).toHaveLength(5);
  expect((await run({ n: 5 })).texts).toEqual(texts);
  expect(texts[0]).toBe((await collect(engine, request)).text);
});

test("the prompt runs once: the others copy its chunks", async () => {
  const prefill = vi.spyOn(engine.model.runner, "prefill");
  const { ends } = await run(
    { n: 3 },
    {
      messages: [{ role: "user", content: "Say something that nobody has asked for yet, please." }],
    },
  );
  const cached = ends.map(
    ({ event }) => event.type === "sequence-end" && event.cachedPromptTokenCount,
  );
  const tokens = prefill.mock.calls.map(([options]) => options.ids.length);
  prefill.mockRestore();
  const [promptCount] = ends.map(
    ({ event }) => event.type === "sequence-end" && event.promptTokenCount,
  );
  expect(cached.filter((count) => Number(count) >= Number(promptCount) - 8)).toHaveLength(2);
  expect(tokens.reduce((sum, it) => sum + it, 0)).toBeLessThanOrEqual(Number(promptCount) + 2 * 8);
});

describe("best of several", () => {
  test("gives those of the highest mean log-probability, and only what was asked to be shown", async () => {
    const all = await run({ n: 6 }, { logProbabilityCount: 0 });
    const means = all.texts.map((_, choice) => {
      const own = all.events.flatMap((it) =>
        it.choice === choice && it.event.type === "token" ? it.event.logProbability : [],
      );
      return own.reduce((sum, it) => sum + it, 0) / own.length;
    });
    const ranked = all.texts.map((text, index) => ({ text, mean: means[index]! }));
    ranked.sort((a, b) => b.mean - a.mean);
    const best = await run({ n: 2, bestOf: 6 });
    expect(best.texts).toEqual(ranked.slice(0, 2).map(({ text }) => text));
    expect(best.events.some(({ event }) => event.type === "token")).toBe(false);
  });
});

test("who stops reading ends them all", async () => {
  for await (const { event } of generateChoices(engine, request, { n: 4 }, never)) {
    if (event.type === "text-delta") break;
  }
  expect([engine.runningCount, engine.waitingCount]).toEqual([0, 0]);
});

test("a request that cannot run fails as one", async () => {
  const bad = { ...request, sampling: { logitBias: new Map([[999_999, 1]]) } };
  const events = generateChoices(engine, bad, { n: 3 }, never);
  await expect(events.next()).rejects.toMatchObject({
    code: "invalid-request",
    param: "sampling.logitBias",
  });
  expect(engine.runningCount).toBe(0);
});
