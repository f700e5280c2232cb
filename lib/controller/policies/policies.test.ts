/** Goal: whatever the fleet looks like, each policy chooses somebody who has room, and for its reason. Method: seeded draws. */
import { describe, expect, test } from "vitest";
import { SPEED_SPREAD_MAX } from "@/lib/fleet-limits";
import { DISPATCH_POLICIES } from "@/lib/protocol/dispatch";
import { type Random, seededRandom } from "@/lib/util/random";
import { boundedLoad } from "./bounded-load";
import { POLICIES } from "./policies";
import type { Choice, DispatchAsk, PolicyCandidate } from "./policy";
import { PrefixMemory } from "./prefix-memory";
import { rendezvous } from "./rendezvous";
import { SessionMemory } from "./session-memory";
import { speedsOf } from "./speeds";

const SEEDS = Array.from({ length: 25 }, (_, index) => index + 1);
const ask = (changes: Partial<DispatchAsk> = {}): DispatchAsk => {
  return { tokens: 100, session: () => "s", prefix: () => [1, 2, 3, 4], ...changes };
};
const newMemory = () => ({ sessions: new SessionMemory(), prefixes: new PrefixMemory() });
const worker = (id: string, changes: Partial<PolicyCandidate> = {}): PolicyCandidate => {
  const idle = { slots: 8, load: 0, outstandingTokens: 0, tokensPerSecond: undefined };
  return { id, ...idle, ...changes };
};

function drawFleet(random: Random): PolicyCandidate[] {
  const pick = (most: number) => Math.floor(random() * most);
  return Array.from({ length: 1 + pick(9) }, (_, index) => {
    const load = pick(12);
    return worker(`w${index}`, {
      ...{ slots: 1 + pick(16), load, outstandingTokens: load * pick(400) },
      tokensPerSecond: pick(3) === 0 ? undefined : random() * 200,
    });
  });
}

const choose = (policy: keyof typeof POLICIES, changes: Partial<Choice<PolicyCandidate>>) => {
  const { all = [], among = all } = changes;
  const random = changes.random ?? seededRandom(1);
  return POLICIES[policy]({ ask: ask(), memory: newMemory(), ...changes, all, among, random }).id;
};

describe.each(DISPATCH_POLICIES)("%s", (policy) => {
  test.each(SEEDS)("chooses one of those with room, whatever the fleet (seed %i)", (seed) => {
    const random = seededRandom(seed);
    const memory = newMemory();
    for (let step = 0; step < 60; step++) {
      const all = drawFleet(random);
      const among = all.filter(() => random() < 0.7);
      if (among.length === 0) continue;
      const session = random() < 0.2 ? undefined : `s${Math.floor(random() * 9)}`;
      const blocks = Array.from({ length: Math.floor(random() * 6) }, (_, depth) => depth * 7);
      const asked = ask({ session: () => session, prefix: () => blocks });
      const before = JSON.stringify(all);
      const chosen = POLICIES[policy]({ among, all, ask: asked, memory, random });
      expect(among).toContain(chosen);
      expect(JSON.stringify(all)).toBe(before);
      memory.prefixes.note(blocks, chosen.id);
      if (session !== undefined) memory.sessions.note(session, chosen.id);
    }
  });
});

test("the lottery draws by speed, and a worker that has told none as often as the average", () => {
  const all = [
    worker("slow", { tokensPerSecond: 50 }),
    worker("fast", { tokensPerSecond: 150 }),
    worker("new"),
  ];
  const random = seededRandom(5);
  const counts = new Map<string, number>();
  for (let draw = 0; draw < 3_000; draw++) {
    const id = choose("lottery", { all, random });
    counts.set(id, (counts.get(id) ?? 0) + 1);
  }
  // 50, 150 and 100 of 300.
  for (const [id, share] of Object.entries({ slow: 1 / 6, fast: 1 / 2, new: 1 / 3 })) {
    expect(Math.abs((counts.get(id) ?? 0) / 3_000 - share)).toBeLessThan(0.03);
  }
});

test("nobody seems slower than a fixed part of the fastest, and without measures slots are speed", () => {
  const slowest = worker("a", { tokensPerSecond: 1 });
  const speedOf = speedsOf([slowest, worker("b", { tokensPerSecond: 800 })]);
  expect(speedOf(slowest)).toBe(800 / SPEED_SPREAD_MAX);
  expect(speedsOf([worker("a"), worker("b", { slots: 3 })])(worker("b", { slots: 3 }))).toBe(3);
});

test("the shortest queue is the shortest for its speed", () => {
  const all = [
    worker("a", { load: 2, tokensPerSecond: 10 }),
    worker("b", { load: 3, tokensPerSecond: 40 }),
  ];
  expect(choose("shortest-queue", { all })).toBe("b");
});

test("the power of two takes the less loaded of the two it draws, never the worst of all", () => {
  const all = [worker("a", { load: 1 }), worker("b", { load: 5 }), worker("c", { load: 9 })];
  const random = seededRandom(9);
  const chosen = new Set(
    Array.from({ length: 200 }, () => choose("power-of-two", { all, random })),
  );
  expect(chosen).toEqual(new Set(["a", "b"]));
});

test("the fewest outstanding tokens count by what the worker writes a second, this request's with them", () => {
  const slow = worker("slow", { load: 1, outstandingTokens: 300, tokensPerSecond: 30 });
  const fast = worker("fast", { load: 4, outstandingTokens: 600, tokensPerSecond: 120 });
  expect(choose("least-outstanding-tokens", { all: [slow, fast] })).toBe("fast");
  const idle = [worker("slow", { tokensPerSecond: 30 }), worker("fast", { tokensPerSecond: 120 })];
  expect(choose("least-outstanding-tokens", { all: idle })).toBe("fast");
});

describe("affinity", () => {
  const fleet = ["a", "b", "c", "d"].map((id) => worker(id));

  test("a conversation goes to who answered it last; without a memory all processes choose alike", () => {
    const memory = newMemory();
    memory.sessions.note("s", "c");
    expect(choose("session-affinity", { all: fleet, memory })).toBe("c");
    const chosen = SEEDS.map((seed) =>
      choose("session-affinity", { all: fleet, random: seededRandom(seed) }),
    );
    expect(new Set(chosen).size).toBe(1);
  });

  test("a prompt goes to who has read the most of it, if that is worth it", () => {
    const memory = newMemory();
    memory.prefixes.note([1, 2], "a");
    memory.prefixes.note([1, 2, 3], "b");
    expect(choose("prefix-affinity", { all: fleet, memory })).toBe("b");
    const long = ask({
      prefix: () => [1, 2, 3, ...Array.from({ length: 40 }, (_, at) => 100 + at)],
    });
    const byFirstBlock = choose("prefix-affinity", { all: fleet, ask: long });
    expect(choose("prefix-affinity", { all: fleet, memory, ask: long })).toBe(byFirstBlock);
  });

  test("one that is full or beyond its bound is passed over, always for the same other one", () => {
    for (const policy of ["session-affinity", "prefix-affinity"] as const) {
      const home = choose(policy, { all: fleet });
      const busy = fleet.map((it) => (it.id === home ? { ...it, load: 8 } : it));
      const others = SEEDS.map((seed) => choose(policy, { all: busy, random: seededRandom(seed) }));
      expect(new Set(others).size).toBe(1);
      expect(others[0]).not.toBe(home);
      const among = fleet.filter(({ id }) => id !== home);
      expect(choose(policy, { all: fleet, among })).toBe(others[0]);
    }
  });

  test("without a name or a whole block it is the least outstanding tokens", () => {
    const all = [worker("a", { outstandingTokens: 5_000, load: 1 }), worker("b")];
    const nothing = ask({ session: () => undefined, prefix: () => [] });
    expect(choose("session-affinity", { all, ask: nothing })).toBe("b");
    expect(choose("prefix-affinity", { all, ask: nothing })).toBe("b");
  });
});

test.each(SEEDS)(
  "nobody within the bound has more than its share and a quarter (seed %i)",
  (seed) => {
    const random = seededRandom(seed);
    const all = Array.from({ length: 2 + Math.floor(random() * 8) }, (_, index) =>
      worker(`w${index}`, { slots: 1 + Math.floor(random() * 32) }),
    );
    for (let request = 0; request < 300; request++) {
      const willing = all.filter(boundedLoad(all));
      // The rule never leaves everybody out: the mean of all is below it.
      expect(willing.length).toBeGreaterThan(0);
      const chosen = rendezvous(willing, 7);
      if (chosen) chosen.load += 1;
    }
    const slots = all.reduce((sum, it) => sum + it.slots, 0);
    for (const it of all) {
      const most = Math.max((1.25 * 301 * it.slots) / slots, it.slots / 4);
      expect(it.load).toBeLessThanOrEqual(Math.ceil(most));
    }
  },
);

test("rendezvous: each worker has keys by its slots, and one that goes moves only its own", () => {
  const fleet = [worker("a", { slots: 2 }), worker("b", { slots: 4 }), worker("c", { slots: 2 })];
  const keys = Array.from({ length: 4_000 }, (_, index) => index * 7_919);
  const homes = keys.map((key) => rendezvous(fleet, key)?.id);
  expect(Math.abs(homes.filter((id) => id === "b").length / keys.length - 0.5)).toBeLessThan(0.03);
  const left = fleet.filter(({ id }) => id !== "c");
  for (const [index, key] of keys.entries()) {
    if (homes[index] !== "c") expect(rendezvous(left, key)?.id).toBe(homes[index]);
  }
});

test("memories are bounded, and keep what was asked for last", () => {
  const sessions = new SessionMemory(2);
  sessions.note("one", "a");
  sessions.note("two", "b");
  sessions.note("one", "c");
  sessions.note("three", "a");
  expect([sessions.recall("one"), sessions.recall("two")]).toEqual(["c", undefined]);
  const prefixes = new PrefixMemory(5);
  for (let at = 0; at < 50; at++) prefixes.note([at, at + 0.5, at + 0.25], `w${at}`);
  expect(prefixes.size).toBe(5);
  expect(prefixes.depths([49, 49.5, 49.25]).get("w49")).toBe(3);
  const many = new PrefixMemory();
  for (let at = 0; at < 50; at++) many.note([1], `w${at}`);
  expect(many.depths([1]).size).toBeLessThan(10);
});
