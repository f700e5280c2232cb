/**
 * Goal: several answers come at the pace of who reads them, whole and in order, and whoever leaves keeps
 * nobody waiting. Method: work that says as much as it is let.
 */
import { expect, test, vi } from "vitest";
import { EVENTS_READ_AHEAD_MAX } from "@/lib/limits";
import { type ChoiceEvent, mergeChoices } from "./merge-choices";

const COUNT = 2_000;
const LANES = 3;

/** Lanes that say a word each time they are let. */
function begin() {
  const leave = new AbortController();
  const told = { words: 0, lanes: 0 };
  const events = mergeChoices(leave, async (push) => {
    const lane = async (choice: number) => {
      for (let index = 0; index < COUNT && !leave.signal.aborted; index++) {
        told.words += 1;
        await push({ choice, event: { type: "text-delta", text: `${index}`, tokens: 1 } });
      }
      told.lanes += 1;
    };
    await Promise.all(Array.from({ length: LANES }, (_, choice) => lane(choice)));
  });
  return { leave, told, events };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

test("who reads nothing has few events held, and gets all of them in order later", async () => {
  const { told, events } = begin();
  for (let count = 0; count < 5; count++) await turn();
  expect(told.words).toBeGreaterThanOrEqual(EVENTS_READ_AHEAD_MAX);
  expect(told.words).toBeLessThanOrEqual(EVENTS_READ_AHEAD_MAX + LANES);
  const heard: string[][] = Array.from({ length: LANES }, () => []);
  let read = 0;
  for await (const { choice, event } of events) {
    if (event.type === "text-delta") heard[choice]!.push(event.text);
    read += 1;
    expect(told.words - read).toBeLessThanOrEqual(EVENTS_READ_AHEAD_MAX + LANES);
  }
  const all = Array.from({ length: COUNT }, (_, index) => `${index}`);
  expect(heard).toEqual(Array(LANES).fill(all));
});

test.each<[string, (events: AsyncIterable<ChoiceEvent>) => Promise<unknown>]>([
  ["before the first event", async (it) => it[Symbol.asyncIterator]().return?.()],
  [
    "in the middle",
    async (it) => {
      for await (const _ of it) break;
    },
  ],
])("who leaves %s keeps nobody waiting", async (_, stop) => {
  const { leave, told, events } = begin();
  await turn();
  expect(told.lanes).toBe(0);
  await stop(events);
  expect(leave.signal.aborted).toBe(true);
  await vi.waitFor(() => expect(told.lanes).toBe(LANES));
});

test("a failure is told after what was held, also where others wait for room", async () => {
  const leave = new AbortController();
  const events = mergeChoices(leave, async (push) => {
    const lane = async () => {
      while (!leave.signal.aborted) {
        await push({ choice: 1, event: { type: "text-delta", text: "a", tokens: 1 } });
      }
    };
    const fails = (async () => {
      await turn();
      throw new Error("a bug");
    })();
    await Promise.all([lane(), fails]);
  });
  await turn();
  await turn();
  let last: ChoiceEvent | undefined;
  for await (const entry of events) last = entry;
  expect(last?.event).toMatchObject({ type: "generation-error", code: "internal" });
  expect(leave.signal.aborted).toBe(true);
});
