import { expect, test } from "vitest";
import { wait } from "./wait";

test("an aborted wait rejects with the signal's own reason", async () => {
  const reason = new Error("left");
  const controller = new AbortController();
  const waiting = wait(60_000, controller.signal);
  controller.abort(reason);
  await expect(waiting).rejects.toBe(reason);
});

test("a wait ends by itself", async () => {
  await expect(wait(1)).resolves.toBeUndefined();
});
