/**
 * Goal: each policy does what theory says of it. Method: workers on paper, seeded draws, time that is a
 * number: nothing here depends on the machine.
 */
import { describe, expect, test } from "vitest";
import type { DispatchPolicy } from "@/lib/protocol/dispatch";
import type { Random } from "@/lib/util/random";
import { drawMixed, type Simulation, simulate } from "./simulate";

const SEEDS = [1, 2, 3];
const mean = (values: number[]) => values.reduce((sum, it) => sum + it, 0) / values.length;
const run = (simulation: Omit<Simulation, "seed">) =>
  SEEDS.map((seed) => simulate({ ...simulation, seed }));

const exponential = (random: Random) => {
  const tokens = Math.ceil(-Math.log(1 - random()) * 100);
  return { tokens, maxTokens: 4_096 };
};

test("the power of two choices: the longest line is a fraction of the lottery's", () => {
  const workers = Array.from({ length: 40 }, () => ({ slots: 1, tokensPerSecond: 100 }));
  const longest = (policy: DispatchPolicy) => {
    const options = { policy, workers, requests: 12_000, utilization: 0.9 };
    return mean(run({ ...options, drawAnswer: exponential }).map((it) => it.longestQueue));
  };
  const lottery = longest("lottery");
  const two = longest("power-of-two");
  const shortest = longest("shortest-queue");
  expect(two).toBeLessThan(lottery / 3);
  expect(shortest).toBeLessThanOrEqual(two);
});

describe("with answers of mixed lengths at workers of unequal speed", () => {
  const workers = [1, 1, 2, 2, 4, 8].map((speed) => ({ slots: 8, tokensPerSecond: 50 * speed }));
  const times = (policy: DispatchPolicy, utilization: number) => {
    const options = { policy, workers, requests: 6_000, utilization, freeFirst: true };
    return run({ ...options, drawAnswer: drawMixed });
  };

  type Times = ReturnType<typeof times>;
  const by = (results: Times, key: "meanSeconds" | "p99Seconds") =>
    mean(results.map((it) => it[key]));

  test("least outstanding tokens serves sooner than the shortest queue while there is room", () => {
    for (const utilization of [0.3, 0.5]) {
      const queue = times("shortest-queue", utilization);
      const tokens = times("least-outstanding-tokens", utilization);
      expect(by(tokens, "meanSeconds")).toBeLessThan(by(queue, "meanSeconds") * 0.8);
      expect(by(tokens, "p99Seconds")).toBeLessThan(by(queue, "p99Seconds") * 0.8);
    }
  });

  test("and under load its longest waits are no longer, at little cost to the mean", () => {
    const queue = times("shortest-queue", 0.8);
    const tokens = times("least-outstanding-tokens", 0.8);
    expect(by(tokens, "p99Seconds")).toBeLessThanOrEqual(by(queue, "p99Seconds"));
    expect(by(tokens, "meanSeconds")).toBeLessThan(by(queue, "meanSeconds") * 1.1);
  });

  test("both are far better than chance", () => {
    const chance = mean(times("lottery", 0.8).map((it) => it.meanSeconds));
    for (const policy of ["shortest-queue", "least-outstanding-tokens"] as const) {
      expect(mean(times(policy, 0.8).map((it) => it.meanSeconds))).toBeLessThan(chance);
    }
  });
});

describe("affinity", () => {
  const workers = Array.from({ length: 8 }, () => ({ slots: 16, tokensPerSecond: 200 }));
  const options = {
    ...({ policy: "session-affinity", workers, requests: 6_000, drawAnswer: exponential } as const),
    freeFirst: true,
  };
  const oneOf = (count: number) => (random: Random) => `s${Math.floor(random() * count)}`;

  test.each([
    [0.3, 0.97],
    [0.6, 0.9],
  ])("at a load of %d keeps at least %d of a conversation's turns at one worker", (load, least) => {
    for (const result of run({ ...options, utilization: load, drawSession: oneOf(200) })) {
      expect(result.stayed).toBeGreaterThan(least);
      expect(result.beyondBound).toBe(0);
    }
    const scattered = { ...options, policy: "least-outstanding-tokens" as const };
    for (const result of run({ ...scattered, utilization: load, drawSession: oneOf(200) })) {
      expect(result.stayed).toBeLessThan(0.2);
    }
  });

  test("gives way when a few conversations ask for more than their workers' share", () => {
    const hot = (random: Random) => (random() < 0.6 ? "hot" : oneOf(200)(random));
    const bound = run({ ...options, utilization: 0.9, drawSession: hot });
    const free = run({ ...options, policy: "least-outstanding-tokens", utilization: 0.9 });
    for (const { beyondBound, stayed } of bound) {
      expect(beyondBound).toBe(0);
      expect(stayed).toBeGreaterThan(0.2);
    }
    // Without the bound its worker alone would have to write three times what it can.
    const by = (results: typeof free) => mean(results.map((it) => it.meanSeconds));
    expect(by(bound)).toBeLessThan(by(free) * 3);
  });
});
