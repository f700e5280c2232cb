/** Goal: reading a grammar ends in time, whatever it is. */
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { GRAMMAR_PROPERTIES_MAX, GRAMMAR_READ_MS_MAX } from "@/lib/limits";
import { createAutomaton } from "./automaton";
import { expectRoomForProperty, expectTimeLeft, readWithinLimits } from "./reading-limits";
import { toExpression } from "./spec-to-expression";

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["performance"] });
});
afterEach(() => vi.useRealTimers());

test("after its time no part is read any more, and the next grammar has all of its own", () => {
  const read = (ms: number) =>
    readWithinLimits(() => {
      vi.advanceTimersByTime(ms);
      expectTimeLeft();
      return "read";
    });
  expect(read(GRAMMAR_READ_MS_MAX - 1)).toBe("read");
  expect(() => read(GRAMMAR_READ_MS_MAX)).toThrow("takes longer than 2 seconds");
  expect(read(1)).toBe("read");
  expect(() => expectTimeLeft()).not.toThrow();
});

test("schemas, expressions, texts of JSON and what is built of them are parts", () => {
  const late = (read: () => unknown) =>
    expect(() =>
      readWithinLimits(() => {
        vi.advanceTimersByTime(GRAMMAR_READ_MS_MAX);
        return read();
      }),
    ).toThrow("takes longer than");
  late(() => toExpression({ type: "json-schema", schema: { type: "string" } }));
  late(() => toExpression({ type: "regex", pattern: "a" }));
  late(() => toExpression({ type: "regex", pattern: "[a]" }));
  const read = toExpression({ type: "regex", pattern: "a" });
  late(() => createAutomaton(read));
});

test("of properties of characters it names so many, as often as it likes", () => {
  const name = (count: number) =>
    readWithinLimits(() => {
      for (let index = 0; index < count; index++) expectRoomForProperty(`P${index}`);
      expectRoomForProperty("P0");
    });
  name(GRAMMAR_PROPERTIES_MAX);
  name(GRAMMAR_PROPERTIES_MAX);
  expect(() => name(GRAMMAR_PROPERTIES_MAX + 1)).toThrow("more than 16 properties of characters");
  const pattern = Array.from({ length: 17 }, (_, index) => `\\p{Nope${index}}`).join("");
  expect(() => toExpression({ type: "regex", pattern })).toThrow("not known (Nope0)");
});
