import { expect, test } from "vitest";
import { Stop, toAbortSignal } from "./stop";

test("who listens hears once, in order, and the first reason stands", () => {
  const stop = new Stop();
  const heard: string[] = [];
  const leaves = () => void heard.push("left");
  stop.addEventListener("abort", () => void heard.push(`one: ${stop.reason}`), { once: true });
  stop.addEventListener("abort", leaves, { once: true });
  stop.addEventListener("abort", () => void heard.push(`two: ${stop.aborted}`), { once: true });
  stop.removeEventListener("abort", leaves);
  stop.throwIfAborted();
  stop.abort("over");
  stop.abort("again");
  expect(heard).toEqual(["one: over", "two: true"]);
  expect(() => stop.throwIfAborted()).toThrow("over");
});

test("after the end nobody is heard", () => {
  const stop = new Stop();
  stop.abort("over");
  stop.addEventListener("abort", () => expect.unreachable(), { once: true });
  stop.abort("again");
  expect(stop.reason).toBe("over");
});

test.each(["before", "after"])("a real signal asked for %s the end tells the same", (when) => {
  const stop = new Stop();
  if (when === "before") expect(stop.real.aborted).toBe(false);
  stop.abort("over");
  expect(stop.real).toBeInstanceOf(AbortSignal);
  expect([stop.real.aborted, stop.real.reason]).toEqual([true, "over"]);
  expect(toAbortSignal(stop)).toBe(stop.real);
  const { signal } = new AbortController();
  expect(toAbortSignal(signal)).toBe(signal);
});
