/** Goal: turns come one after the other, with the others' time between them, whoever leaves. */
import { setImmediate } from "node:timers/promises";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Turns } from "./turns";

const never = new AbortController().signal;
let turns: Turns;
let order: string[];

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  turns = new Turns();
  order = [];
});
afterEach(() => vi.useRealTimers());

const take = async (name: string, signal = never) => {
  await turns.take(signal);
  order.push(name);
};

test("one after the other, after as long as the last one took", async () => {
  for (const name of ["a", "b", "c"]) void take(name);
  await setImmediate();
  expect(order).toEqual(["a"]);
  turns.end(1);
  await setImmediate();
  expect(order).toEqual(["a", "b"]);
  turns.end(500);
  turns.end(1);
  vi.advanceTimersByTime(499);
  await setImmediate();
  expect(order).toEqual(["a", "b"]);
  vi.advanceTimersByTime(1);
  await setImmediate();
  expect(order).toEqual(["a", "b", "c"]);
});

test("who leaves lets the others pass, in their order", async () => {
  void take("a");
  const leaving = new AbortController();
  const left = take("b", leaving.signal);
  void take("c");
  leaving.abort(new Error("left"));
  await expect(left).rejects.toThrow("left");
  expect(order).toEqual(["a"]);
  turns.end(0);
  await setImmediate();
  expect(order).toEqual(["a", "c"]);
});

test("at the end all come at once", async () => {
  for (const name of ["a", "b", "c"]) void take(name);
  await setImmediate();
  turns.end(1_000);
  turns.close();
  await setImmediate();
  expect(order).toEqual(["a", "b", "c"]);
  expect(vi.getTimerCount()).toBe(0);
  turns.end(0);
});
