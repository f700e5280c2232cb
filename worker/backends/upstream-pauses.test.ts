import { expect, test } from "vitest";
import { AppError } from "@/lib/errors";
import { UpstreamPauses } from "./upstream-pauses";

const refused = (retryAfterSeconds?: number) =>
  new AppError("rate-limited", { message: "x", retryAfterSeconds });

test("a model is left alone for the time told, others are not", () => {
  let now = 0;
  const pauses = new UpstreamPauses(() => now);
  pauses.see("a", refused(7));
  expect(() => pauses.check("a")).toThrow(expect.objectContaining({ retryAfterSeconds: 7 }));
  pauses.check("b");
  now = 6_001;
  expect(() => pauses.check("a")).toThrow(expect.objectContaining({ retryAfterSeconds: 1 }));
  now = 7_000;
  pauses.check("a");
});

test("without a time it is longer each time, up to a minute, until it answers again", () => {
  let now = 0;
  const pauses = new UpstreamPauses(() => now);
  const waits: number[] = [];
  for (let round = 0; round < 10; round++) {
    pauses.see("a", refused());
    try {
      pauses.check("a");
    } catch (error) {
      waits.push((error as AppError).retryAfterSeconds ?? 0);
    }
    now += 60_000;
    pauses.check("a");
  }
  expect(waits[0]).toBe(1);
  expect(waits.at(-1)).toBeGreaterThanOrEqual(30);
  expect(Math.max(...waits)).toBeLessThanOrEqual(60);
  pauses.clear("a");
  pauses.see("a", refused());
  expect(() => pauses.check("a")).toThrow(expect.objectContaining({ retryAfterSeconds: 1 }));
});

test("other errors are no reason", () => {
  const pauses = new UpstreamPauses();
  pauses.see("a", new AppError("worker-lost", { message: "x" }));
  pauses.check("a");
});
