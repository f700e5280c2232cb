/** Goal: what one caller asked is no help to another, and none the less right. Method: a bundled model. */
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Engine } from "./engine";
import { collect } from "./testing";

let engine: Engine;
beforeAll(async () => {
  const folder = join(import.meta.dirname, "../../models/pico-s");
  engine = await Engine.load(folder, { threadCount: 1, slotCount: 4, chunkTokens: 8 });
});
afterAll(() => engine.close());

async function ask(cacheSalt: string | undefined, content: string) {
  const request = {
    ...{ messages: [{ role: "user" as const, content }], sampling: { temperature: 0 }, stop: [] },
    ...{ maxTokens: 8, cacheSalt },
  };
  const { text, end } = await collect(engine, request);
  return { text, cached: end.cachedPromptTokenCount };
}

test("prompts are reused under one salt alone, and the answers are the same", async () => {
  const story = "Tell me a story about a robot and a lantern, and of a lighthouse by the sea.";
  const answers = [];
  for (const salt of ["a", "b", undefined]) {
    const first = await ask(salt, story);
    const second = await ask(salt, story);
    expect(first.cached, `the first of ${salt}`).toBe(0);
    expect(second.cached, `the second of ${salt}`).toBeGreaterThan(0);
    answers.push(first.text, second.text);
  }
  expect(new Set(answers).size).toBe(1);
});

test("rows of other salts that lie free are no donors, also while they are in use", async () => {
  const story = "What is the capital of the country in which the lighthouse stands, and why?";
  const [mine, theirs] = await Promise.all([ask("mine", story), ask("theirs", story)]);
  expect([mine.cached, theirs.cached]).toEqual([0, 0]);
  expect(mine.text).toBe(theirs.text);
});
