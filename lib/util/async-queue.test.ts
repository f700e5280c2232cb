import { expect, test } from "vitest";
import { AsyncQueue } from "./async-queue";

async function readAll<T extends NonNullable<unknown>>(queue: AsyncQueue<T>): Promise<T[]> {
  const values: T[] = [];
  for await (const value of queue) values.push(value);
  return values;
}

test("values arrive in order, whether pushed before or while they are awaited", async () => {
  const queue = new AsyncQueue<number>();
  queue.push(1);
  const reading = readAll(queue);
  await Promise.resolve();
  queue.push(2);
  queue.push(3);
  queue.end();
  expect(await reading).toEqual([1, 2, 3]);
});

test("a failure is thrown after what was pushed before it", async () => {
  const queue = new AsyncQueue<string>();
  queue.push("kept");
  queue.fail(new Error("broken"));
  const seen: string[] = [];
  const reading = (async () => {
    for await (const value of queue) seen.push(value);
  })();
  await expect(reading).rejects.toThrow("broken");
  expect(seen).toEqual(["kept"]);
});

test("a push after the end is ignored", async () => {
  const queue = new AsyncQueue<number>();
  queue.end();
  queue.push(1);
  expect(await readAll(queue)).toEqual([]);
  expect(queue.isClosed).toBe(true);
});

test("discarding drops what was not read", async () => {
  const queue = new AsyncQueue<number>();
  queue.push(1);
  queue.push(2);
  queue.discard();
  expect(await readAll(queue)).toEqual([]);
});
