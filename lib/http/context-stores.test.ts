/** Goal: no store costs anything while no page is answered, and none is lost to one that is. Method: real stores, a clock of ours. */
import { AsyncLocalStorage } from "node:async_hooks";
import { EventEmitter } from "node:events";
import type { ServerResponse } from "node:http";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { ContextStores } from "./context-stores";

const { run, enterWith } = AsyncLocalStorage.prototype;
let stores: ContextStores;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  stores = new ContextStores();
  stores.watch();
});
afterEach(() => {
  Object.assign(AsyncLocalStorage.prototype, { run, enterWith });
  vi.useRealTimers();
});

const done = Promise.resolve();
/** As much of an answer as is looked at. */
const answer = () => new EventEmitter() as unknown as ServerResponse;

test("a store rests a second after the last page, and wakes by its next use", async () => {
  const store = new AsyncLocalStorage<string>();
  const [one, other] = [answer(), answer()];
  stores.hold(one, done);
  const first = store.run("first", () => AsyncLocalStorage.snapshot());
  stores.hold(other, done);
  one.emit("close");
  await done;
  vi.advanceTimersByTime(5_000);
  expect(first(() => store.getStore())).toBe("first");
  other.emit("close");
  await done;
  vi.advanceTimersByTime(999);
  expect(first(() => store.getStore())).toBe("first");
  vi.advanceTimersByTime(1);
  expect(first(() => store.getStore())).toBeUndefined();
  expect(store.run("second", () => store.getStore())).toBe("second");
});

test("a page that its reader has left is worked on with its store", async () => {
  const store = new AsyncLocalStorage<number>();
  const page = answer();
  let end = () => {};
  const work = new Promise<void>((resolve) => {
    end = resolve;
  });
  stores.hold(page, work);
  const inside = store.run(1, () => AsyncLocalStorage.snapshot());
  page.emit("close");
  await done;
  vi.advanceTimersByTime(5_000);
  expect(inside(() => store.getStore())).toBe(1);
  end();
  await work;
  await done;
  vi.advanceTimersByTime(1_000);
  expect(inside(() => store.getStore())).toBeUndefined();
});

test("a page whose reader had left before its turn holds nothing", async () => {
  const store = new AsyncLocalStorage<number>();
  const inside = store.run(1, () => AsyncLocalStorage.snapshot());
  stores.hold(Object.assign(answer(), { closed: true }), done);
  await done;
  vi.advanceTimersByTime(1_000);
  expect(inside(() => store.getStore())).toBeUndefined();
});

test("a page that comes within the second keeps all", async () => {
  const store = new AsyncLocalStorage<number>();
  const [one, other] = [answer(), answer()];
  stores.hold(one, done);
  const inside = store.run(1, () => AsyncLocalStorage.snapshot());
  one.emit("close");
  await done;
  vi.advanceTimersByTime(500);
  stores.hold(other, done);
  vi.advanceTimersByTime(5_000);
  expect(inside(() => store.getStore())).toBe(1);
  other.emit("close");
  await done;
  vi.advanceTimersByTime(1_000);
  expect(inside(() => store.getStore())).toBeUndefined();
});

test("arguments, results and errors pass, and so does entering without a function", async () => {
  const store = new AsyncLocalStorage<number>();
  expect(store.run(7, (...words: number[]) => [store.getStore(), ...words], 8, 9)).toEqual([
    7, 8, 9,
  ]);
  expect(() =>
    store.run(7, () => {
      throw new Error("thrown inside");
    }),
  ).toThrow("thrown inside");
  const page = answer();
  stores.hold(page, done);
  store.enterWith(3);
  await Promise.resolve();
  expect(store.getStore()).toBe(3);
  page.emit("close");
  await done;
  vi.advanceTimersByTime(1_000);
  expect(store.getStore()).toBeUndefined();
});
