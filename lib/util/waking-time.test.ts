import { expect, test, vi } from "vitest";
import { afterWakingTime } from "./waking-time";

test("a wait counts the time in which the process was awake", async () => {
  const late = vi.fn();
  afterWakingTime(200, late);
  // Busy for longer than the wait: not one turn of the event loop.
  const busyUntilMs = performance.now() + 300;
  while (performance.now() < busyUntilMs) Math.sqrt(2);
  const answered = await new Promise((resolve) =>
    setTimeout(() => resolve(late.mock.calls.length), 0),
  );
  expect(answered).toBe(0);
  await vi.waitFor(() => expect(late).toHaveBeenCalledTimes(1), { timeout: 5_000 });
});

test("a cancelled wait ends nothing", async () => {
  const late = vi.fn();
  afterWakingTime(1, late)();
  await new Promise((resolve) => afterWakingTime(100, () => resolve(undefined)));
  expect(late).not.toHaveBeenCalled();
});
