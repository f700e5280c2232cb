import { expect, test } from "vitest";
import { settleWithin } from "./settle-within";

const never = new Promise<never>(() => undefined);

test("ends with the last of them, whatever became of it", async () => {
  const settled: string[] = [];
  const good = Promise.resolve().then(() => settled.push("good"));
  const bad = Promise.reject(new Error("no")).finally(() => settled.push("bad"));
  await settleWithin([good, bad], 60_000);
  expect(settled).toEqual(["good", "bad"]);
  await settleWithin([], 60_000);
});

test("ends without those that take longer", async () => {
  await expect(settleWithin([never], 1)).resolves.toBeUndefined();
});
