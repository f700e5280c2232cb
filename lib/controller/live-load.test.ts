import { expect, test } from "vitest";
import { ANSWER_TOKENS_EXPECTED } from "@/lib/fleet-limits";
import { LiveLoad } from "./live-load";

const beat = (running: number, more = {}) => ({ running, waiting: 0, ...more });

test("live load adds what began and takes off what ended since the report", () => {
  const live = new LiveLoad();
  const loadOf = (id: string, running: number) => live.estimate(id, beat(running)).load;
  const { release: end } = live.begin("w");
  live.begin("w");
  expect(loadOf("w", 3)).toBe(5);
  live.report("w");
  expect(loadOf("w", 5)).toBe(5);
  end();
  end();
  expect(loadOf("w", 5)).toBe(4);
  expect(live.inFlight("w")).toBe(1);
  // A report written before our request reached the worker does not hide it.
  live.report("w");
  expect(loadOf("w", 0)).toBe(1);
  expect(loadOf("other", 0)).toBe(0);
});

test("what an answer tells replaces the beat, until a later beat; tokens of what began since are on top", () => {
  const live = new LiveLoad();
  live.begin("w", { tokens: 100 });
  expect(live.estimate("w", beat(0, { outstandingTokens: 7 }))).toEqual({
    ...{ load: 1, outstandingTokens: 107, tokensPerSecond: undefined },
    tokensPerRequestSecond: undefined,
  });
  live.tell(
    "w",
    {
      running: 4,
      waiting: 2,
      outstandingTokens: 900,
      tokensPerSecond: 30,
      tokensPerRequestSecond: 8,
    },
    1_000,
  );
  live.begin("w", { tokens: 50 });
  const speeds = { tokensPerSecond: 30, tokensPerRequestSecond: 8 };
  const told = { load: 7, outstandingTokens: 950, ...speeds };
  expect(live.estimate("w", beat(0))).toEqual(told);
  // A beat that was heard before, and read from the registry now.
  expect(live.report("w", 999)).toBe(false);
  expect(live.estimate("w", beat(0))).toEqual(told);
  expect(live.report("w", 1_001)).toBe(true);
  expect(live.estimate("w", beat(3)).load).toBe(3);
});

test("an end that tells the load without its request is not taken off twice", () => {
  const live = new LiveLoad();
  const counted = live.begin("w");
  live.tell("w", beat(5), 1);
  counted.left();
  live.tell("w", beat(4), 2);
  counted.release();
  counted.release();
  expect(live.estimate("w", beat(0)).load).toBe(4);
  expect(live.inFlight()).toBe(0);
});

test("the tokens of what failed before a report are taken off again", () => {
  const live = new LiveLoad();
  const counted = live.begin("w", { tokens: 100 });
  live.begin("w", { tokens: 50 });
  counted.release();
  expect(live.estimate("w", beat(0, { outstandingTokens: 7 })).outstandingTokens).toBe(57);
});

test("a request is taken to be as usual, unless it says otherwise", () => {
  const live = new LiveLoad();
  expect(live.workOf(200)).toBe(200);
  for (let count = 0; count < 300; count++) {
    live.tell("w", { running: 4, waiting: 0, outstandingTokens: 160 }, count);
  }
  expect(live.workOf(256)).toBeCloseTo(40, 5);
  expect(live.workOf(10)).toBe(10);
  expect(live.workOf(4_000)).toBe(4_000);
});

test("a worker that tells no tokens counts an answer of usual length for each request", () => {
  const live = new LiveLoad();
  live.begin("w", { tokens: 3 });
  expect(live.estimate("w", beat(1)).outstandingTokens).toBe(2 * ANSWER_TOKENS_EXPECTED);
});

test("what is not there any more is forgotten", () => {
  const live = new LiveLoad();
  live.tell("gone", beat(9), 1);
  live.begin("gone").release();
  live.keep(new Set(["w"]));
  expect(live.estimate("gone", beat(0)).load).toBe(0);
});
