import { expect, test } from "vitest";
import { countCpu, parseBusyMs } from "./cpu-share";

test("idle time, waits and time stolen by other guests are not work", () => {
  expect(parseBusyMs("cpu  1 2 3 1000 500 4 5 99 0 0\ncpu0 9 9 9 9\n")).toBe(150);
  expect(parseBusyMs("intr 1\n")).toBeUndefined();
});

test("work of this process is counted as its own", () => {
  const stop = countCpu();
  let sum = 0;
  for (let i = 0; i < 3e7; i++) sum += Math.sqrt(i);
  const share = stop();
  expect(sum).toBeGreaterThan(0);
  expect(share.wallMs).toBeGreaterThan(0);
  expect(share.ownCores).toBeGreaterThan(0);
});
