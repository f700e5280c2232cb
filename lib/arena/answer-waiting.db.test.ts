/**
 * Goal: a visitor is told that a model is loaded by its host first, and never of one whose name is hidden.
 * Method: real workers and database; each says so before it answers.
 */
import { afterAll, beforeAll, expect, test } from "vitest";
import type { ConversationEvent, StartBody } from "@/lib/protocol/conversation-view";
import { battle, begin, chat, createWorld, readAll, type World } from "./__fixtures__/world";

let world: World;
beforeAll(async () => {
  const loading = { tokenMs: 1, isLoading: true };
  world = await createWorld(
    { ...loading, models: ["mock/echo"] },
    { ...loading, models: ["mock/random"] },
  );
});
afterAll(() => world.close());

const compare: StartBody = {
  ...{ kind: "compare", prompt: "Which?" },
  models: { a: "mock/echo", b: "mock/random" },
};

type Wait = Extract<ConversationEvent, { type: "answer-waiting" }>;

test.each([
  ["a chat", chat("Say it."), 1],
  ["a comparison", compare, 2],
  ["a blind battle", battle("Which?"), 0],
])("%s", async (_, start, count) => {
  const events = await readAll((await begin(world, start)).events);
  expect(events.at(-1)?.type).toBe("turn-end");
  const waits = events.filter((it): it is Wait => it.type === "answer-waiting");
  expect(waits).toHaveLength(count);
  for (const wait of waits) {
    expect(wait.waiting).toEqual({ reason: "loading", estimateSeconds: 20 });
    const isWord = (it: ConversationEvent) =>
      it.type === "text-delta" && it.answerId === wait.answerId;
    expect(events.indexOf(wait)).toBeLessThan(events.findIndex(isWord));
  }
});
