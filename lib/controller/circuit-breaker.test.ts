import { expect, test } from "vitest";
import {
  BREAKER_FAULTS_MAX,
  BREAKER_OPEN_MS,
  BREAKER_OPEN_MS_MAX,
  BREAKER_SHARE_REQUESTS_MIN,
} from "@/lib/fleet-limits";
import { seededRandom } from "@/lib/util/random";
import { CircuitBreaker, type Failing } from "./circuit-breaker";

const GONE: Failing = { kind: "gone", reason: "It did not answer in time." };
const FAULT: Failing = { kind: "fault", reason: "What it answered was not understood." };
const at = (nowMs: number, trial = 0) => ({ trial, nowMs });

test("one that is gone opens at once, faults open after some in a row", () => {
  const gone = new CircuitBreaker();
  expect(gone.failed(GONE, at(0))).toBe(true);
  expect(gone.view(500)).toEqual({
    ...{ state: "open", failures: 1, sinceMs: 500, reason: GONE.reason },
    opensInMs: BREAKER_OPEN_MS - 500,
  });
  const faulty = new CircuitBreaker();
  for (let count = 1; count < BREAKER_FAULTS_MAX; count++) {
    expect(faulty.failed(FAULT, at(count))).toBe(false);
  }
  faulty.finished(5);
  for (let count = 1; count < BREAKER_FAULTS_MAX; count++) {
    expect(faulty.failed(FAULT, at(5 + count))).toBe(false);
  }
  expect(faulty.failed(FAULT, at(10))).toBe(true);
  expect(faulty.stateAt(10)).toBe("open");
});

test("a share of failures opens it, and old ones do not count", () => {
  const fresh = new CircuitBreaker();
  // Never many in a row, and yet one of two.
  for (let count = 0; count < BREAKER_SHARE_REQUESTS_MIN / 2; count++) {
    fresh.finished(count);
    fresh.failed(FAULT, at(count));
  }
  fresh.finished(9);
  expect(fresh.failed(FAULT, at(10))).toBe(true);
  const slow = new CircuitBreaker();
  for (let count = 0; count < 50; count++) {
    slow.finished(count * 60_000);
    expect(slow.failed(FAULT, at(count * 60_000))).toBe(false);
  }
});

test("half-open one request finds out; each failure of it doubles the wait to the limit", () => {
  const breaker = new CircuitBreaker();
  breaker.failed(GONE, at(0));
  let nowMs = 0;
  let expectedMs = BREAKER_OPEN_MS;
  for (let round = 0; round < 8; round++) {
    expect(breaker.stateAt(nowMs + expectedMs - 1)).toBe("open");
    nowMs += expectedMs;
    expect(breaker.stateAt(nowMs)).toBe("half-open");
    const trial = breaker.begin();
    expect(trial).toBeGreaterThan(0);
    expect(breaker.begin()).toBe(0);
    // What was under way since before fails too, and that is no news.
    expect(breaker.failed(GONE, at(nowMs))).toBe(false);
    expect(breaker.failed(GONE, at(nowMs, trial))).toBe(true);
    breaker.end(trial);
    expectedMs = Math.min(expectedMs * 2, BREAKER_OPEN_MS_MAX);
  }
  expect(expectedMs).toBe(BREAKER_OPEN_MS_MAX);
});

test("who comes through closes it on probation: the next fault opens it for longer, a whole answer forgets", () => {
  const breaker = new CircuitBreaker();
  breaker.failed(GONE, at(0));
  const first = breaker.begin();
  expect(breaker.succeeded(first)).toBe(true);
  expect(breaker.stateAt(1)).toBe("closed");
  expect(breaker.failed(FAULT, at(1))).toBe(true);
  expect(breaker.view(1).opensInMs).toBe(2 * BREAKER_OPEN_MS);
  // The first goes on, and stands in no other's way.
  const second = breaker.begin();
  expect(second).toBeGreaterThan(first);
  breaker.end(first);
  expect(breaker.isTrying).toBe(true);
  breaker.succeeded(second);
  breaker.finished(2);
  expect(breaker.isForgettable).toBe(true);
  breaker.failed(GONE, at(3));
  expect(breaker.view(3).opensInMs).toBe(BREAKER_OPEN_MS);
});

test("a sign of life closes for one that was gone, and not for one that fails of itself", () => {
  const gone = new CircuitBreaker();
  gone.failed(GONE, at(0));
  gone.answered(10);
  expect(gone.stateAt(10)).toBe("half-open");
  expect(gone.succeeded(0)).toBe(true);
  const faulty = new CircuitBreaker({ faultsMax: 1 });
  faulty.failed(FAULT, at(0));
  faulty.answered(10);
  expect(faulty.stateAt(10)).toBe("open");
  expect(faulty.succeeded(0)).toBe(false);
});

test.each(Array.from({ length: 40 }, (_, seed) => seed + 1))(
  "however it goes: never a trial of a closed one, never open past its limit, and it closes again (seed %i)",
  (seed) => {
    const random = seededRandom(seed);
    const breaker = new CircuitBreaker();
    const open: number[] = [];
    let nowMs = 0;
    for (let step = 0; step < 400; step++) {
      nowMs += random() * 3_000;
      const before = breaker.stateAt(nowMs);
      const draw = random();
      if (draw < 0.4) {
        if (before !== "open") open.push(breaker.begin());
      } else if (draw < 0.9) {
        const trial = open.splice(Math.floor(random() * open.length), 1)[0];
        if (trial === undefined) continue;
        if (random() < 0.5) breaker.failed(random() < 0.5 ? GONE : FAULT, { trial, nowMs });
        else {
          breaker.succeeded(trial);
          breaker.finished(nowMs);
        }
        breaker.end(trial);
      } else if (draw < 0.95) breaker.beat();
      else breaker.answered(nowMs);
      if (before === "closed") expect(breaker.isTrying).toBe(false);
      const trials = open.filter((trial) => trial > 0);
      expect(new Set(trials).size).toBe(trials.length);
      const view = breaker.view(nowMs);
      expect(view.opensInMs ?? 0).toBeLessThanOrEqual(BREAKER_OPEN_MS_MAX);
    }
    nowMs += BREAKER_OPEN_MS_MAX;
    for (const trial of open) breaker.end(trial);
    breaker.succeeded(breaker.begin());
    expect(breaker.stateAt(nowMs)).toBe("closed");
  },
);
