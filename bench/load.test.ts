import { expect, test } from "vitest";
import { measure, percentile, type Target } from "./load";

const never = new AbortController().signal;

test("percentiles by nearest rank", () => {
  const values = [40, 10, 30, 20];
  expect([0.5, 0.99, 0.25].map((share) => percentile(values, share))).toEqual([20, 40, 10]);
  expect(percentile([], 0.5)).toBeNaN();
});

test("as many clients as asked for run at once, and the count is kept", async () => {
  let running = 0;
  let runningMax = 0;
  const target: Target = {
    path: "test",
    async ask() {
      runningMax = Math.max(runningMax, ++running);
      await new Promise((resolve) => setImmediate(resolve));
      running--;
      return { firstTokenMs: 1, tokenCount: 10 };
    },
  };
  const load = { clientCount: 4, durationMs: 60_000, requestCountMax: 20 };
  const { requestCount, tokensPerSecond, firstTokenMs } = await measure(target, load, never);
  expect({ requestCount, runningMax }).toEqual({ requestCount: 20, runningMax: 4 });
  expect(firstTokenMs).toHaveLength(20);
  expect(tokensPerSecond).toBeGreaterThan(0);
});

test("no time means no question", async () => {
  const target: Target = { path: "test", ask: () => Promise.reject(new Error("asked")) };
  const load = { clientCount: 2, durationMs: 0, requestCountMax: 20 };
  expect((await measure(target, load, never)).requestCount).toBe(0);
});
